/* top.c: `ctl top` beside traffic of a known rate: it shows the types and opcodes with that rate,
 * percentiles in order, and times no shorter than the real ones. When nobody has looked for a
 * while, nothing is measured. Ctrl+C ends it. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/load.h"
#include "support/process.h"

#include <stdio.h>
#include <string.h>

enum { CONNECTIONS = 2, RATE = 100, DAWDLE = 3, DAWDLE_MS = 20, COLUMNS = 80, BLOCKS = 2 };

static char text[65536];

/* "1.2us" as nanoseconds; a rate such as "147.2k" as it is. */
static double value_of(const char *word) {
    char unit[8] = "";
    double value = 0;
    CHECK(sscanf(word, "%lf%7s", &value, unit) >= 1);
    static const struct {
        const char *unit;
        double factor;
    } units[] = {{"", 1}, {"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"k", 1e3}, {"M", 1e6}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(unit, units[i].unit) == 0) {
            return value * units[i].factor;
        }
    }
    fprintf(stderr, "no number: %s\n%s", word, text);
    exit(1);
}

/* The `which`-th line that begins with `start`. */
static const char *find_line(const char *start, int which) {
    const char *at = text;
    for (; (at = strstr(at, start)) != NULL; at++) {
        if ((at == text || at[-1] == '\n') && which-- == 0) {
            return at;
        }
    }
    fprintf(stderr, "no line \"%s\" in:\n%s", start, text);
    exit(1);
}

typedef struct row {
    double rate; /* calls a second */
    double time; /* percent */
    double mean, median, most, worst;
    double latency_median, latency_most, latency_worst;
} row;

static row read_row(const char *name, int block) {
    char w[9][16];
    const char *at = find_line(name, block) + strlen(name);
    CHECK(sscanf(at, "%15s %15s %15s %15s %15s %15s %15s %15s %15s", w[0], w[1], w[2], w[3], w[4],
                 w[5], w[6], w[7], w[8]) == 9);
    row r = {value_of(w[0]), value_of(w[1]), value_of(w[2]), value_of(w[3]), value_of(w[4]),
             value_of(w[5]), value_of(w[6]), value_of(w[7]), value_of(w[8])};
    CHECK(r.time >= 0 && r.rate > 0 && r.mean > 0);
    CHECK(r.median <= r.most && r.most <= r.worst && r.mean <= r.worst * 1.06); /* after rounding */
    CHECK(r.latency_median <= r.latency_most && r.latency_most <= r.latency_worst);
    CHECK(r.worst <= r.latency_worst * 1.06);
    return r;
}

static void check_workers(int block) {
    double busy = 0;
    double batch = 0;
    const char *line = find_line("workers  mean of 2: busy ", block);
    CHECK(sscanf(line, "workers  mean of 2: busy %lf%%, in batches %lf%%", &busy, &batch) == 2);
    CHECK(busy >= 0 && busy <= 100 && batch > 0 && batch <= 100);
    double each[2];
    CHECK(sscanf(strchr(line, '\n'), " 1 %lf%% 2 %lf%%", &each[0], &each[1]) == 2);
    CHECK(each[0] >= 0 && each[0] <= 100 && each[1] >= 0 && each[1] <= 100);
    CHECK(each[0] + each[1] >= 0);
}

static void check_columns(void) {
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        CHECK(strcspn(line, "\r\n") <= COLUMNS);
    }
}

/* Runs `ctl top` beside the load and a client whose packets take DAWDLE_MS each. Returns how many
 * frames a second were answered in that time. */
static double watch(host *h, load *l, net_socket dawdler) {
    char path[1200];
    int exit_code = -1;
    uint32_t ms = DAWDLE_MS;
    uint32_t reply = 0;
    snprintf(path, sizeof path, "%s/top.txt", host_folder(h));
    const char *arguments[] = {host_executable(), "ctl", "-c",         host_ini(h), "top",
                               "--count",         "2",   "--interval", "0.7",       NULL};
    process_options output = {.output_file = path};
    uint64_t before = load_answered(l);
    uint64_t begin_ms = clock_now_ms();
    process *p = process_start(arguments, &output);
    while (!process_wait(p, 0, &exit_code)) {
        CHECK(clock_now_ms() - begin_ms < 40000);
        CHECK_INT(wire_ask(dawdler, DAWDLE, &ms, sizeof ms, &reply, sizeof reply), sizeof reply);
        load_run_for(l, 50);
    }
    double rate = (double)(load_answered(l) - before) * 1000 / (double)(clock_now_ms() - begin_ms);
    process_free(p);
    CHECK_INT(exit_code, 0);
    char *answer = file_read(path, NULL);
    CHECK(answer != NULL);
    size_t used = 0;
    for (const char *c = answer; *c != '\0' && used < sizeof text - 1; c++) {
        text[used] = *c;
        used += *c != '\r'; /* text mode on Windows */
    }
    text[used] = '\0';
    free(answer);
    return rate;
}

static void beside_load(host *h) {
    load_options how = {
        .port = host_port(h, "game"),
        .kind = WIRE_U16,
        .connections = CONNECTIONS,
        .in_flight = 4,
        .rate = RATE,
        .payload_max = 64,
        .seed = 1,
        .opcode = 60,
    };
    net_socket dawdler = net_connect(host_port(h, "game"));
    load *l = load_create(&how);
    load_run_for(l, 100);
    double rate = watch(h, l, dawdler);
    check_columns();
    for (int block = 0; block < BLOCKS; block++) {
        row echo = read_row("blocks.session op * ", block);
        row slow = read_row("blocks.session op 3 ", block);
        CHECK(echo.rate > rate / 4 && echo.rate < rate * 4);
        CHECK(slow.median >= DAWDLE_MS * 1e6 * 0.75 && slow.worst >= DAWDLE_MS * 1e6 * 0.99);
        CHECK(slow.mean >= DAWDLE_MS * 1e6 * 0.99 &&
              slow.mean * slow.rate / 1e7 <= slow.time * 1.2);
        CHECK(slow.rate <= 1000.0 / DAWDLE_MS);
        check_workers(block);
    }
    load_stop(l);
    CHECK(load_finish(l, 20000));
    load_destroy(l);
    net_close(dawdler);
}

/* How many calls of the type's on_packet were ever counted. Asks for a tenth of a second, after
 * which two more are measured. */
static uint64_t counted(host *h) {
    host_admin(h, "top --interval 0.1", text, sizeof text);
    const char *at = find_line("series any_opcode 0 blocks.session\n", 0);
    uint64_t calls = 0;
    for (at = strchr(at, '\n') + 1; strncmp(at, "handler ", 8) == 0; at = strchr(at, '\n') + 1) {
        const char *end = strchr(at, '\n');
        for (const char *c = at; (c = strchr(c, ':')) != NULL && c < end; c++) {
            calls += strtoull(c + 1, NULL, 10);
        }
    }
    return calls;
}

static void only_while_looked_at(host *h) {
    enum {
        FRAMES = 20,
        MEASURED_MS = 2700
    }; /* since the last look of `watch`; after `counted` it is less */
    net_socket s = net_connect(host_port(h, "game"));
    uint64_t before = counted(h);
    for (int i = 0; i < FRAMES; i++) {
        wire_expect_echo(s, WIRE_U16, 60, "measured");
    }
    CHECK_INT(counted(h), before + FRAMES);
    clock_sleep_ms(MEASURED_MS + 50);
    for (int i = 0; i < FRAMES; i++) {
        wire_expect_echo(s, WIRE_U16, 60, "not measured");
    }
    CHECK_INT(counted(h), before + FRAMES);
    net_close(s);
}

/* Without a count it runs until Ctrl+C, which is not a failure. */
static void interrupted(host *h) {
    char path[1200];
    int exit_code = -1;
    bool shown = false;
    snprintf(path, sizeof path, "%s/endless.txt", host_folder(h));
    const char *arguments[] = {host_executable(), "ctl", "-c", host_ini(h), "top",
                               "--interval",      "0.1", NULL};
    process_options output = {.output_file = path};
    process *p = process_start(arguments, &output);
    for (uint64_t begin_ms = clock_now_ms(); !shown;) {
        CHECK(clock_now_ms() - begin_ms < 20000);
        CHECK(!process_wait(p, 20, &exit_code));
        char *found = file_read(path, NULL);
        shown = found != NULL && strstr(found, "TYPE, OPCODE") != NULL;
        free(found);
    }
    if (process_interrupt(p)) { /* otherwise there is no console for that */
        CHECK(process_wait(p, 20000, &exit_code));
        CHECK_INT(exit_code, 0);
    }
    process_free(p);
}

static void bad_input(host *h) {
    static const char *const bad[] = {"--interval",
                                      "--interval 0",
                                      "--interval 60.1",
                                      "--interval -1",
                                      "--interval 1e3",
                                      "--interval 1 x",
                                      "--count 0",
                                      "--count 1.5",
                                      "--count 9999999999",
                                      "--count .",
                                      "now",
                                      "--interval 0.00"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char command[64];
        snprintf(command, sizeof command, "top %s", bad[i]);
        CHECK(!host_try_admin(h, command, text, sizeof text));
        CHECK(strstr(text, "found \"") != NULL);
    }
    CHECK_INT(host_ctl(h, "top", "--count", text, sizeof text), 2);
    CHECK(strstr(text, "--count takes a whole number, 1 to ") != NULL);
}

SCENARIO(top) {
    host_options options = {
        .name = "top",
        .workers = 2,
        .modules = "blocks",
        .listeners = {{"game", "blocks.session", NULL}},
    };
    host *h = host_start(&options);
    beside_load(h);
    interrupted(h);
    bad_input(h);
    only_while_looked_at(h);
    host_stop(h);
}

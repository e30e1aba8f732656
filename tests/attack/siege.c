/* siege.c: see siege.h. */
#include "siege.h"

#include "support/aside.h"
#include "support/check.h"
#include "support/clock.h"
#include "support/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 32, SHORT_MS = 1200, LOOK_MS = 20, STEP_MS = 5, SLACK_BYTES = 8 << 20 };

struct siege {
    siege_options options;
    honest *others;
    uint64_t answers; /* of the honest clients, by the last row */
};

typedef struct window {
    double p50_us;
    double p99_us;
} window;

#define GLUTTON "[module glutton]\nfile = {tests}/glutton{so}\nhang_ms = 400\n"

static host *start(const char *name, process_stdio stdio, const char *body) {
    enum { EXPECTED = 3 };
    static const char *const expected[EXPECTED] = {"faulty", "glutton", "watchdog"};
    static const char game[] = "max_sessions = 1000\n";
    static const char victims[] = "max_sessions = 250\nsend_limit_bytes = 256K\n"
                                  "frame_limit_bytes = 4K\nframe_timeout_s = 5\n"
                                  "idle_timeout_s = 5\nclose_timeout_ms = 500\n"
                                  "send_buffer_bytes = 16K\n";
    static const char web[] = "max_sessions = 1500\nsend_limit_bytes = 256K\n"
                              "frame_limit_bytes = 4K\nframe_timeout_s = 5\n"
                              "idle_timeout_s = 5\nclose_timeout_ms = 500\n"
                              "send_buffer_bytes = 16K\ntransport = websocket\n"
                              "handshake_timeout_ms = 500\n";
    const host_options options = {
        .name = name,
        .modules = "faulty",
        .host_keys = "blocking_queue = 10\n",
        .module_keys = "probation_s = 0\nfault_limit = 0\nmemory_limit_bytes = 16M\n"
                       "max_rooms = 60\nmax_timers = 400\nmax_channels = 60\n"
                       "session_inbox_limit_bytes = 2M\n",
        .listeners = {{"game", "faulty.session", game},
                      {"victims", "faulty.session", victims},
                      {"web", "faulty.session", web},
                      {"glutton", "glutton.session", victims}},
        .body = body,
        .stdio = stdio,
        .log_keys = stdio == PROCESS_STDIO_FILE ? NULL : "file = portico.log\n",
    };
    host *h = host_start(&options);
    for (int i = 0; i < EXPECTED; i++) {
        host_expect_error(h, expected[i]);
    }
    return h;
}

host *siege_host(const char *name) {
    return start(name, PROCESS_STDIO_FILE, GLUTTON);
}

host *siege_bare_host(const char *name, bool names) {
    static const char asking[] = GLUTTON "[connector far]\naddress = peer.example\nport = 7\n"
                                         "type = faulty.session\n";
    return start(name, PROCESS_STDIO_CLOSED, names ? asking : GLUTTON);
}

siege_memory siege_look_at_memory(host *h) {
    char answer[4096];
    host_admin(h, "memory --trim", answer, sizeof answer);
    int64_t allocated = host_figure_of(h, answer, "allocated_bytes");
    int64_t buffers = host_figure_of(h, answer, "buffer_bytes");
    return (siege_memory){.resident = host_figure_of(h, answer, "resident_memory_bytes"),
                          .allocated = allocated > buffers ? allocated - buffers : 0,
                          .buffers = buffers};
}

siege_options siege_of(host *h, const char *seconds) {
    return (siege_options){.host = h,
                           .port = host_port(h, "game"),
                           .clients = (uint32_t)scale(20, 4),
                           .rate = (uint32_t)scale(50, 10),
                           .each_ms = seconds != NULL ? (uint32_t)atoi(seconds) * 1000 : SHORT_MS,
                           .rounds = seconds != NULL ? 9 : 3};
}

siege *siege_begin(const siege_options *options) {
    siege *s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    CHECK(options->rounds > 0 && options->rounds <= ROUNDS_MAX);
    s->options = *options;
    const honest_options how = {
        .port = options->port, .clients = (int)options->clients, .rate = options->rate};
    s->others = honest_start(&how);
    printf("| attack | by | how often | others: answers, lost | p50 quiet, attacked, us | "
           "p99 quiet, attacked, us | ratio | memory: bound, most, after, MB |\n"
           "|---|---|---|---:|---:|---:|---:|---:|\n");
    return s;
}

typedef struct watching {
    const siege *s;
    const siege_attack *attack; /* NULL: none */
    int64_t *peak;
} watching;

static void watch_aside(void *arg) {
    const watching *w = arg;
    const siege *s = w->s;
    const siege_attack *a = w->attack;
    uint64_t look_ms = 0;
    uint64_t end_ms = clock_now_ms() + s->options.each_ms / s->options.rounds / 2;
    while (clock_now_ms() < end_ms) {
        if (clock_now_ms() >= look_ms) {
            int64_t memory = host_figure(s->options.host, "resident_memory_bytes");
            *w->peak = memory > *w->peak ? memory : *w->peak;
            look_ms = clock_now_ms() + LOOK_MS;
        }
        if (a != NULL && a->step != NULL) {
            a->step(a->arg);
        }
        clock_sleep_ms(STEP_MS);
    }
}

/* Lets the attack and the honest clients act, and looks at the host. The most memory so far is in
 * *peak. */
static window watch(siege *s, const siege_attack *a, int64_t *peak) {
    honest_forget(s->others);
    aside_run(watch_aside, &(watching){s, a, peak});
    return (window){(double)honest_latency_us(s->others, 0.5),
                    (double)honest_latency_us(s->others, 0.99)};
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, uint32_t count) {
    double sorted[ROUNDS_MAX];
    memcpy(sorted, values, count * sizeof *values);
    qsort(sorted, count, sizeof *sorted, compare);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

static double megabytes(int64_t bytes) {
    return (double)bytes / 1e6;
}

void siege_against(siege *s, const siege_attack *a) {
    double q50[ROUNDS_MAX] = {0};
    double q99[ROUNDS_MAX] = {0};
    double a50[ROUNDS_MAX] = {0};
    double a99[ROUNDS_MAX] = {0};
    double ratio[ROUNDS_MAX] = {0};
    char often[128] = "";
    char bound[32] = "-";
    int64_t before = host_figure(s->options.host, "resident_memory_bytes");
    int64_t peak = 0;
    for (uint32_t i = 0; i < s->options.rounds; i++) {
        window quiet = watch(s, NULL, &(int64_t){0});
        a->begin(a->arg);
        window attacked = watch(s, a, &peak);
        a->end(a->arg);
        a->settle(a->arg, often, sizeof often);
        q50[i] = quiet.p50_us;
        q99[i] = quiet.p99_us;
        a50[i] = attacked.p50_us;
        a99[i] = attacked.p99_us;
        ratio[i] = attacked.p99_us / (quiet.p99_us > 0 ? quiet.p99_us : 1);
    }
    uint32_t rounds = s->options.rounds;
    int64_t after = host_figure(s->options.host, "resident_memory_bytes");
    uint64_t answers = honest_answers(s->others);
    if (a->bound != 0) {
        (void)snprintf(bound, sizeof bound, "%.0f", megabytes(before + a->bound + SLACK_BYTES));
    }
    printf("| %s: %s | %s | %s | %llu, %llu | %.0f, %.0f | %.0f, %.0f | %.2f | %s, %.1f, %.1f |\n",
           a->word, a->sentence, a->by, often, (unsigned long long)(answers - s->answers),
           (unsigned long long)honest_lost(s->others), median(q50, rounds), median(a50, rounds),
           median(q99, rounds), median(a99, rounds), median(ratio, rounds), bound, megabytes(peak),
           megabytes(after));
    (void)fflush(stdout);
    CHECK(answers > s->answers);
    CHECK_INT(honest_lost(s->others), 0);
    s->answers = answers;
    CHECK(a->bound == 0 || scale_sanitized() || peak - before <= a->bound + SLACK_BYTES);
}

void siege_end(siege *s) {
    honest_figures seen = honest_stop(s->others);
    printf("\nHonest clients: %llu answers; %llu wrong, %llu missing, %d clients dropped. %s\n",
           (unsigned long long)seen.answers, (unsigned long long)seen.wrong,
           (unsigned long long)seen.unanswered, seen.dropped, seen.first);
    CHECK_TEXT(seen.first, "");
    CHECK_INT(seen.unanswered, 0);
    free(s);
}

void siege_scenario(host *h, int (*attacks)(host *h, siege_attack attacks[SIEGE_ATTACKS_MAX])) {
    siege_attack all[SIEGE_ATTACKS_MAX];
    const char *seconds = scenario_argument(0);
    const char *only = seconds != NULL ? scenario_argument(1) : NULL;
    const siege_options options = siege_of(h, seconds);
    if (seconds != NULL) {
        aside_measures();
    }
    siege *s = siege_begin(&options);
    int count = attacks(h, all);
    for (int i = 0; i < count; i++) {
        if (only == NULL || strcmp(only, all[i].word) == 0) {
            siege_against(s, &all[i]);
        }
    }
    siege_end(s);
    uint64_t begun_ms = clock_now_ms();
    if (!host_signal(h, "TERM")) {
        (void)host_interrupt(h);
    }
    int code = host_wait_exit(h, 60000);
    printf("The stop took %llu ms\n", (unsigned long long)(clock_now_ms() - begun_ms));
    CHECK_INT(code, 0);
    host_finish(h, 0);
}

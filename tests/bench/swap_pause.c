/* swap_pause.c: how long a swap closes a module's gate and how long all states take to follow, with
 * 0 to 10,000 sessions whose states all change their fields: idle, and beside an echo load that
 * leaves the processors some time.
 *
 *   bench.swap_pause [new] [SWAPS [SESSIONS ...]]
 *                               300 swaps; 0, 100, 1,000 and 10,000 sessions;
 *                               under Wine 30 swaps; 0 and 100 sessions
 *
 * The swaps go round three builds, as those of a developer who goes back and forth do; with `new`
 * each is to a build that the host has never seen: one of the three with a number at its end.
 *
 * The figures are those of the swap's log line. Waited: until all states belong to the current
 * generation, because the swap before was just now. Prepared: copying, loading, registering,
 * checking. Paused: the longest time that the swap closed the gate, with tries that were given up.
 * */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/load.h"
#include "support/process.h"

#include "os/os.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GENERATIONS = 3, ECHO = 4, ECHOING = 20, SIZES_MAX = 16 };

typedef enum figure { SETTLED, STAGED, GATE, PAUSE, FIGURES } figure;

static host *h;
static int swap_count;
static int images; /* how many the host has loaded */
static bool always_new;
static atomic_bool stop;
static load *beside;

static double number_after(const char *text, const char *word) {
    const char *at = strstr(text, word);
    CHECK(at != NULL);
    return strtod(at + strlen(word), NULL);
}

static int compare_ms(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* One frame on each connection, then a pause. */
static void beside_main(void *arg) {
    (void)arg;
    while (!atomic_load(&stop)) {
        CHECK(load_step(beside, 0) != LOAD_FAILED);
        clock_sleep_ms(1);
    }
    load_stop(beside);
    CHECK(load_finish(beside, 20000));
}

/* Makes `path` that of a copy with a number at its end. */
static void make_new(char *path, size_t path_size) {
    static uint32_t number;
    size_t size = 0;
    char *bytes = file_read(path, &size);
    number++;
    char *whole = malloc(size + sizeof number);
    CHECK(whole != NULL);
    memcpy(whole, bytes, size);
    memcpy(whole + size, &number, sizeof number);
    snprintf(path, path_size, "%s/new%s", host_folder(h), host_library_suffix);
    file_write(path, whole, size + sizeof number);
    free(bytes);
    free(whole);
}

/* Returns how often the gate had to be retried. */
static uint32_t swap_all(double *ms[FIGURES]) {
    uint32_t tries = 0;
    for (int i = 0; i < swap_count; i++) {
        char name[32];
        char path[1024];
        char command[1100];
        char answer[2048];
        int image = ++images % GENERATIONS; /* never the current one */
        snprintf(name, sizeof name, image == 0 ? "storm" : "storm_%d", image + 1);
        host_module_path(name, path, sizeof path);
        if (always_new) {
            make_new(path, sizeof path);
        }
        snprintf(command, sizeof command, "swap storm %s", path);
        host_admin(h, command, answer, sizeof answer);
        ms[SETTLED][i] = number_after(answer, " waited ");
        ms[STAGED][i] = number_after(answer, " prepared ");
        ms[GATE][i] = number_after(answer, " drained ");
        ms[PAUSE][i] = number_after(answer, " paused ");
        tries += (uint32_t)number_after(answer, " ms (") - 1;
    }
    return tries;
}

static double at_percent(const double *ms, double percent) {
    int at = (int)((double)swap_count * percent / 100.0);
    return ms[at < swap_count ? at : swap_count - 1];
}

static void row(int sessions, const char *what, double *ms[FIGURES], uint32_t tries) {
    for (int f = 0; f < FIGURES; f++) {
        qsort(ms[f], (size_t)swap_count, sizeof *ms[f], compare_ms);
    }
    const double *p = ms[PAUSE];
    printf(
        "| %d | %s | %.0f | %.0f | %.0f | %.0f | %.0f | %.0f | %u | %.1f | %.1f | %.1f | %.1f |\n",
        sessions, what, 1000 * at_percent(p, 50), 1000 * at_percent(p, 90),
        1000 * at_percent(p, 99), 1000 * at_percent(p, 99.9), 1000 * at_percent(p, 100),
        1000 * at_percent(ms[GATE], 99), tries, at_percent(ms[STAGED], 50),
        at_percent(ms[STAGED], 99), at_percent(ms[SETTLED], 50), at_percent(ms[SETTLED], 99));
    (void)fflush(stdout);
}

static void measure_beside(int sessions, double *ms[FIGURES]) {
    const load_options how = {.port = host_port(h, "game"),
                              .kind = WIRE_U16,
                              .connections = ECHOING,
                              .in_flight = 1,
                              .payload_min = 32,
                              .payload_max = 256,
                              .seed = 4,
                              .opcode = ECHO};
    char what[80];
    os_thread *thread = NULL;
    atomic_store(&stop, false);
    beside = load_create(&how);
    CHECK_INT(os_thread_start(&thread, "echo", beside_main, NULL), PORTICO_OK);
    uint64_t from_ms = clock_now_ms();
    int64_t cpu_ms = host_cpu_ms(h);
    uint32_t tries = swap_all(ms);
    cpu_ms = host_cpu_ms(h) - cpu_ms;
    uint64_t took_ms = clock_now_ms() - from_ms + 1;
    atomic_store(&stop, true);
    os_thread_join(thread);
    snprintf(what, sizeof what, "%llu echoes/s, host %.2f processors",
             (unsigned long long)(load_answered(beside) * 1000 / took_ms),
             (double)cpu_ms / (double)took_ms);
    load_destroy(beside);
    row(sessions, what, ms, tries);
}

static void measure(int sessions, double *ms[FIGURES]) {
    host_options options = {
        .name = "swap_pause",
        .listeners = {{"game", "storm.session", "max_sessions = 20000\n"}},
        .body = "[module storm]\nfile = {tests}/storm{so}\nrooms = 10\nslow_us = 0\n",
    };
    h = host_start(&options);
    images = 0;
    net_socket *all = calloc((size_t)sessions + 1, sizeof *all);
    CHECK(all != NULL);
    for (int i = 0; i < sessions; i++) {
        all[i] = net_connect(host_port(h, "game"));
    }
    host_wait_figure(h, "sessions", sessions);
    row(sessions, "idle", ms, swap_all(ms));
    measure_beside(sessions, ms);
    for (int i = 0; i < sessions; i++) {
        net_close(all[i]);
    }
    free(all);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

int main(int argc, char **argv) {
    int most = (int)process_raise_handle_limit() - 100;
    int sizes[SIZES_MAX] = {0, 100, scale(1000, 100), scale(10000, 100)};
    int count = scale(4, 2);
    double *ms[FIGURES];
    always_new = argc > 1 && strcmp(argv[1], "new") == 0;
    argc -= always_new;
    argv += always_new;
    swap_count = argc > 1 ? (int)strtol(argv[1], NULL, 10) : scale(300, 30);
    CHECK(swap_count > 0);
    for (int i = 2; i < argc && i < SIZES_MAX + 2; i++) {
        sizes[i - 2] = (int)strtol(argv[i], NULL, 10);
        count = i - 1;
    }
    for (int f = 0; f < FIGURES; f++) {
        ms[f] = calloc((size_t)swap_count, sizeof *ms[f]);
        CHECK(ms[f] != NULL);
    }
    printf("| sessions | beside | paused half us | 90 %% | 99 %% | 99.9 %% | worst |"
           " of it waiting 99 %% us | more tries | prepared half ms | 99 %% "
           "| waited half ms | 99 %% |\n|%s\n",
           "---:|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (int i = 0; i < count; i++) {
        measure(sizes[i] < most ? sizes[i] : most, ms);
    }
    for (int f = 0; f < FIGURES; f++) {
        free(ms[f]);
    }
    return 0;
}

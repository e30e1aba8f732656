/* scrape.c: what it costs to look at a host.
 *
 *     bench.scrape                  both parts
 *     bench.scrape time [SESSIONS [SCRAPES]]
 *                                   GET /metrics of an empty host and of one with 10,000 sessions and
 *                                   1,000 rooms: the time of a request as a client sees it, and the
 *                                   processor time of the host
 *     bench.scrape watch [ROUNDS [SECONDS [CONNECTIONS]]]
 *                                   processor time per echo while nobody looks, while a scraper asks
 *                                   once a second, beside `ctl top`, and while a dashboard asks: four
 *                                   hosts that take turns, and the ratios within each round
 */
#include "os/os.h"

#include "support/check.h"
#include "support/http.h"
#include "support/load.h"
#include "support/stills.h"

#include <stdio.h>
#include <stdlib.h>

enum { SESSIONS = 10000, ROOMS = 1000, SCRAPES_MAX = 500, COMMANDS = 50, ROUNDS_MAX = 100 };

static char text[4 << 20];

static int by_value(const void *a, const void *b) {
    double left = *(const double *)a;
    double right = *(const double *)b;
    return (left > right) - (left < right);
}

static void scrape(host *h) {
    CHECK_INT(http_ask(host_port(h, "http"), "GET", "/metrics",
                       HTTP_RIGHT "Accept: application/openmetrics-text\r\n", NULL, text,
                       sizeof text),
              200);
}

/* ---- the time of a scrape --------------------------------------------------------------------- */

static void measure_time(host *h, const char *what, int scrapes) {
    static double took_us[SCRAPES_MAX];
    scrape(h); /* from now on turns are measured */
    int64_t cpu_us = host_cpu_us(h);
    for (int i = 0; i < scrapes; i++) {
        uint64_t from_ns = os_monotonic_ns();
        scrape(h);
        took_us[i] = (double)(os_monotonic_ns() - from_ns) / 1000;
    }
    cpu_us = host_cpu_us(h) - cpu_us;
    qsort(took_us, (size_t)scrapes, sizeof took_us[0], by_value);
    printf(
        "%-28s half %5.0f us   99 %% %5.0f us   worst %5.0f us   processor %5.0f us   %zu bytes\n",
        what, took_us[scrapes / 2], took_us[scrapes * 99 / 100], took_us[scrapes - 1],
        (double)cpu_us / scrapes, strlen(text));
    (void)fflush(stdout);
}

/* What a dashboard and `ctl` ask for. */
static void measure_commands(host *h) {
    static const char *const asked[] = {"top", "json top", "json status", "json metrics",
                                        "json modules"};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        int64_t cpu_us = host_cpu_us(h);
        for (int k = 0; k < COMMANDS; k++) {
            host_admin(h, asked[i], text, sizeof text);
        }
        cpu_us = host_cpu_us(h) - cpu_us;
        printf("    %-24s processor %5.0f us   %zu bytes\n", asked[i], (double)cpu_us / COMMANDS,
               strlen(text));
    }
    (void)fflush(stdout);
}

static void part_time(int sessions, int scrapes) {
    static net_socket sockets[SESSIONS];
    char what[64];
    host *h = stills_start("scrape_empty", 0, 2);
    measure_time(h, "no session, no room", scrapes);
    measure_commands(h);
    host_stop(h);
    h = stills_start("scrape_full", ROOMS, 2);
    int count = stills_connect(h, sockets, sessions);
    snprintf(what, sizeof what, "%d sessions, %d rooms", count, ROOMS);
    measure_time(h, what, scrapes);
    measure_commands(h);
    stills_close(sockets, count);
    host_stop(h);
}

/* ---- what watching costs ---------------------------------------------------------------------- */

typedef enum watcher { NOBODY, SCRAPER, TOP, DASHBOARD, WATCHERS } watcher;

typedef struct watched {
    host *host;
    load *load;
    double us[ROUNDS_MAX]; /* processor time of an echo */
} watched;

/* Once a second. */
static void look(host *h, watcher who) {
    static const char *const asked[] = {"json top", "json status", "json metrics", "json modules"};
    if (who == SCRAPER) {
        scrape(h);
    }
    if (who == TOP) {
        host_admin(h, "top", text, sizeof text);
    }
    for (size_t i = 0; who == DASHBOARD && i < sizeof asked / sizeof asked[0]; i++) {
        host_admin(h, asked[i], text, sizeof text);
    }
}

static double measure_round(watched *w, watcher who, int seconds) {
    load_run_for(w->load, 100);
    uint64_t answered = load_answered(w->load);
    int64_t cpu_us = host_cpu_us(w->host);
    for (int i = 0; i < seconds; i++) {
        look(w->host, who);
        load_run_for(w->load, 1000);
    }
    cpu_us = host_cpu_us(w->host) - cpu_us;
    return (double)cpu_us / (double)(load_answered(w->load) - answered);
}

static void report_ratios(const watched *w, const watched *to, const char *what, int rounds) {
    static double ratios[ROUNDS_MAX];
    static double us[ROUNDS_MAX];
    for (int i = 0; i < rounds; i++) {
        ratios[i] = w->us[i] / to->us[i];
        us[i] = w->us[i];
    }
    qsort(ratios, (size_t)rounds, sizeof ratios[0], by_value);
    qsort(us, (size_t)rounds, sizeof us[0], by_value);
    printf("%-10s %7.3f us an echo   x %.4f   middle half %.4f to %.4f\n", what, us[rounds / 2],
           ratios[rounds / 2], ratios[rounds / 4], ratios[rounds - 1 - rounds / 4]);
}

static void part_watch(int rounds, int seconds, int connections) {
    static const char *const names[WATCHERS] = {"nobody", "scraper", "top", "dashboard"};
    static watched all[WATCHERS];
    for (int i = 0; i < WATCHERS; i++) {
        char name[64];
        snprintf(name, sizeof name, "scrape_%s", names[i]);
        all[i].host = stills_start(name, 10, 1);
        load_options how = {.port = host_port(all[i].host, "game"),
                            .kind = WIRE_U16,
                            .connections = connections,
                            .in_flight = 1,
                            .payload_min = 60,
                            .payload_max = 60,
                            .seed = 1,
                            .opcode = 1};
        all[i].load = load_create(&how);
    }
    for (int r = -1; r < rounds; r++) { /* the first one warms up */
        for (int k = 0; k < WATCHERS; k++) {
            int i = (k + r + WATCHERS) % WATCHERS;
            double us = measure_round(&all[i], (watcher)i, seconds);
            all[i].us[r < 0 ? 0 : r] = us;
        }
    }
    for (int i = 0; i < WATCHERS; i++) {
        report_ratios(&all[i], &all[NOBODY], names[i], rounds);
        load_stop(all[i].load);
        CHECK(load_finish(all[i].load, 20000));
        load_destroy(all[i].load);
        host_stop(all[i].host);
    }
}

static int number(int argc, char **argv, int at, int otherwise) {
    return argc > at ? (int)strtol(argv[at], NULL, 10) : otherwise;
}

int main(int argc, char **argv) {
    bool all = argc == 1;
    if (all || strcmp(argv[1], "time") == 0) {
        int sessions = number(argc, argv, 2, SESSIONS);
        int scrapes = number(argc, argv, 3, SCRAPES_MAX);
        part_time(sessions < SESSIONS ? sessions : SESSIONS,
                  scrapes < SCRAPES_MAX ? scrapes : SCRAPES_MAX);
    }
    if (all || strcmp(argv[1], "watch") == 0) {
        int rounds = number(argc, argv, 2, 9);
        part_watch(rounds < ROUNDS_MAX ? rounds : ROUNDS_MAX, number(argc, argv, 3, 2),
                   number(argc, argv, 4, 100));
    }
    return 0;
}

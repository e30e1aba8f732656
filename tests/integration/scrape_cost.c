/* scrape_cost.c: the metrics of a host with many sessions and rooms, and its list of modules, which
 * an open dashboard asks for every second, take as much processor time as those of a host with none.
 * Both hosts are asked in turn and compared with each other, so a machine that is busy with other
 * things slows both.
 *
 * Not on Windows: processor time is counted in steps of 10 to 16 ms there, and under Wine so many
 * requests and sessions take minutes. bench.scrape shows the figures. */
#include "support/check.h"
#include "support/stills.h"

enum { SESSIONS = 2000, ROOMS = 1000, ROUNDS = 5, SCRAPES = 100, TIMES_MAX = 3 };

static char text[1 << 20];

/* Returns the host's processor time for SCRAPES of them. */
static int64_t scrape(host *h, const char *command) {
    int64_t from_us = host_cpu_us(h);
    for (int i = 0; i < SCRAPES; i++) {
        host_admin(h, command, text, sizeof text);
    }
    return host_cpu_us(h) - from_us;
}

static void compare(host *idle, host *busy, const char *command) {
    int64_t least[2] = {INT64_MAX, INT64_MAX};
    for (int i = 0; i < ROUNDS; i++) {
        int64_t with_none = scrape(idle, command);
        int64_t with_many = scrape(busy, command);
        least[0] = with_none < least[0] ? with_none : least[0];
        least[1] = with_many < least[1] ? with_many : least[1];
    }
    printf("%s: %.1f us of processor time with none, %.1f us with many\n", command,
           (double)least[0] / SCRAPES, (double)least[1] / SCRAPES);
    CHECK(least[1] < least[0] * TIMES_MAX);
}

SCENARIO(scrape_cost) {
#if defined(_WIN32)
    printf("skipped: processor time is counted in steps that are too large\n");
    (void)compare;
#else
    static net_socket sockets[SESSIONS];
    char counted[64];
    host *idle = stills_start("scrape_cost_idle", 0, 2);
    host *busy = stills_start("scrape_cost_busy", ROOMS, 2);
    int count = stills_connect(busy, sockets, SESSIONS);
    compare(idle, busy, "metrics");
    compare(idle, busy, "json modules");
    CHECK_HAS(text, "\"stills.session\",");
    snprintf(counted, sizeof counted, "\"sessions\": %d", count);
    CHECK_HAS(text, counted);
    snprintf(counted, sizeof counted, "\"rooms\": %d", ROOMS);
    CHECK_HAS(text, counted);
    stills_close(sockets, count);
    host_stop(idle);
    host_stop(busy);
#endif
}

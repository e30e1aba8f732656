/* swap_in_a_row.c: while a swap closes the gate, one thread does everything: it does not sleep
 * between `stop` of the old build and `start` of the new one, as it would to wait for another. A
 * lock that somebody else has may make it sleep now and then. */
#include "support/check.h"
#include "support/host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SWAPS = 30, MOST = SWAPS / 2 };

typedef struct told {
    int thread;
    long sleeps;
} told;

/* Reads the next "WHEN on THREAD after COUNT sleeps" from *at on. */
static told next(const char **at, const char *when) {
    told t = {0};
    *at = strstr(*at, when);
    CHECK(*at != NULL);
    CHECK_INT(sscanf(*at + strlen(when), " on %d after %ld sleeps", &t.thread, &t.sleeps), 2);
    *at += strlen(when);
    return t;
}

static bool sleeps_are_counted(void) {
#if defined(_WIN32)
    return false;
#else
    return true;
#endif
}

SCENARIO(swap_in_a_row) {
    if (!sleeps_are_counted()) {
        printf("skipped: the system does not count how often a thread has slept\n");
        return;
    }
    host_options options = {.name = "swap_in_a_row", .modules = "switches"};
    host *h = host_start(&options);
    char path[1200];
    int slept = 0;
    for (int i = 0; i < SWAPS; i++) {
        host_admin(h, "swap --force switches", NULL, 0);
    }
    host_wait_log(h, "switches  start on", SWAPS + 1);
    snprintf(path, sizeof path, "%s/output.txt", host_folder(h));
    char *log = file_read(path, NULL);
    const char *at = log;
    (void)next(&at, "  start");
    for (int i = 0; i < SWAPS; i++) {
        told stop = next(&at, "  stop");
        told start = next(&at, "  start");
        CHECK_INT(start.thread, stop.thread);
        slept += start.sleeps != stop.sleeps;
    }
    printf("%d of %d swaps slept between stop and start\n", slept, SWAPS);
    CHECK(slept <= MOST);
    free(log);
    host_stop(h);
}

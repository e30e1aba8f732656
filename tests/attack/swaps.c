/* swaps.c: a swap costs the host no memory and no handles that it does not give back.
 *
 *     test-attack swaps          a short run
 *     test-attack swaps COUNT    so many swaps; prints memory at every twentieth part of them
 *
 * It swaps a module with sessions and states, and one without, in turn. Judged is what the C
 * library has given out: resident memory grows for thousands of swaps, because what is freed does
 * not come back in whole pages. */
#include "siege.h"
#include "support/check.h"
#include "support/clock.h"
#include "support/honest.h"
#include "support/swaps.h"

#include <stdio.h>
#include <stdlib.h>

/* Memory that a thread has freed but keeps counts as allocated: some 10 KB come and go. */
enum { PARTS = 20, HANDLES = 4, GROWTH_BYTES = 64 * 1024, GROWTH_BYTES_EACH = 100 };

SCENARIO(swaps) {
    const char *asked = scenario_argument(0);
    int count = asked != NULL ? atoi(asked) : scale(600, 40);
    int part = count / PARTS;
    int half = part * PARTS / 2;
    host *h = siege_host("swaps");
    const honest_options others = {.port = host_port(h, "game"), .clients = 10, .rate = 10};
    honest *there = honest_start(&others);
    int64_t handles = host_figure(h, "open_fds");
    int64_t first = 0;
    int64_t grown = 0;
    for (int i = 0; i <= count; i++) {
        if (i % part == 0) {
            siege_memory m = siege_look_at_memory(h);
            first = i == half ? m.allocated : first;
            grown = i > half ? m.allocated - first : 0;
            printf("%d swaps: %lld bytes allocated, %.1f a swap since the half; buffers %lld, "
                   "resident %lld\n",
                   i, (long long)m.allocated, i > half ? (double)grown / (i - half) : 0,
                   (long long)m.buffers, (long long)m.resident);
            (void)fflush(stdout);
        }
        if (i % 2 == 0) {
            swaps_to(h, "faulty", i % 4 == 0 ? "faulty_2" : "faulty_3", NULL, 0);
        } else {
            host_admin(h, "swap --force glutton", NULL, 0);
        }
    }
    host_wait_at_most(h, "open_fds", handles + HANDLES);
    CHECK(grown < GROWTH_BYTES + GROWTH_BYTES_EACH * (count - half) || scale_sanitized());
    honest_stop_well(there);
    host_stop(h);
}

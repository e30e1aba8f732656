/* swaps.c: a swap costs the host no memory and no handles that it does not give back.
 *
 *     test-attack swaps          a short run
 *     test-attack swaps COUNT    so many swaps; prints memory at every twentieth part of them
 *
 * It swaps a module with sessions and states, and one without, in turn. */
#include "siege.h"
#include "support/check.h"
#include "support/clock.h"
#include "support/honest.h"
#include "support/swaps.h"

#include <stdio.h>
#include <stdlib.h>

/* Memory is counted in pages, and an image takes several of them. */
enum { PARTS = 20, HANDLES = 4, GROWTH_BYTES_EACH = 512, ENOUGH = 600 };

SCENARIO(swaps) {
    const char *asked = scenario_argument(0);
    int count = asked != NULL ? atoi(asked) : scale(600, 40);
    int part = count / PARTS;
    int half = part * PARTS / 2;
    host *h = siege_host("swaps");
    const honest_options others = {.port = host_port(h, "game"), .clients = 10, .rate = 10};
    honest *there = honest_start(&others);
    int64_t handles = host_figure(h, "handles");
    int64_t first = 0;
    double each = 0;
    for (int i = 0; i <= count; i++) {
        if (i % part == 0) {
            int64_t memory = host_figure(h, "memory_bytes");
            first = i == half ? memory : first;
            each = i > half ? (double)(memory - first) / (i - half) : 0;
            printf("%d swaps: %lld bytes, %.1f a swap since the half\n", i, (long long)memory,
                   each);
            (void)fflush(stdout);
        }
        if (i % 2 == 0) {
            swaps_to(h, "faulty", i % 4 == 0 ? "faulty_2" : "faulty_3", NULL, 0);
        } else {
            host_admin(h, "swap --force glutton", NULL, 0);
        }
    }
    CHECK(host_figure(h, "handles") <= handles + HANDLES);
    CHECK(each < GROWTH_BYTES_EACH || count < ENOUGH || scale_sanitized());
    honest_stop_well(there);
    host_stop(h);
}

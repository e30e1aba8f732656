/* swap_threads.c: a module whose own thread posts messages all the time is swapped again and again:
 * `stop` ends the thread, `start` begins it, and each of its messages arrives, once and in
 * order. */
#include "support/check.h"
#include "support/clock.h"
#include "support/swaps.h"

#include <stdio.h>

SCENARIO(swap_threads) {
    host_options options = {
        .name = "swap_threads",
        .modules = "swapped_thread_1",
        .listeners = {{"plain", "swapped.plain", NULL}},
    };
    host *h = host_start(&options);
    net_socket s = net_connect(host_port(h, "plain"));
    int swaps = scale(50, 20);
    uint32_t received = 0;
    for (int i = 1; i <= swaps; i++) {
        uint32_t serves = i % 2 == 1 ? 2 : 1;
        if (i % 5 == 0) {
            swaps_back(h, "swapped");
        } else {
            swaps_to(h, "swapped", serves == 2 ? "swapped_thread_2" : "swapped_thread_1", NULL, 0);
        }
        swaps_world w = swaps_ask_world(s);
        CHECK_INT(w.generation, serves);
        CHECK_INT(w.starts, 1);
        CHECK_INT(w.swap_outs, i);
        CHECK_INT(w.swap_ins, i);
        CHECK_INT(w.wrong, 0);
        uint64_t end_ms = clock_now_ms() + 10000;
        while (w.received <= received) { /* this generation's thread runs */
            CHECK(clock_now_ms() < end_ms);
            w = swaps_ask_world(s);
        }
        received = w.received + 32;
    }
    swaps_world w = swaps_ask_world(s);
    CHECK_INT(w.wrong, 0);
    printf("%u messages over %d swaps\n", w.received, swaps);
    net_close(s);
    host_stop(h);
}

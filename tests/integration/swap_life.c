/* swap_life.c: which functions of which generation are called, in which order and how often: on
 * loading, swapping, a swap that gives up, rolling back, rolling that back, unloading and
 * stopping. */
#include "support/check.h"
#include "support/swaps.h"

static host *start(void) {
    host_options options = {
        .name = "swap_life",
        .modules = "swapped",
        .listeners = {{"game", "swapped.session", NULL}},
    };
    return host_start(&options);
}

static void by_unload(void) {
    host *h = start();
    char answer[1024];
    swaps_expect_life(h, "1 load, 1 start");
    swaps_to(h, "swapped", "swapped_2", NULL, 0);
    swaps_expect_life(h, "1 load, 1 start, 2 load, 1 swap_out, 2 swap_in");
    swaps_back(h, "swapped");
    swaps_expect_life(h, "1 load, 1 start, 2 load, 1 swap_out, 2 swap_in, 2 swap_out, 1 swap_in");
    swaps_back(h, "swapped"); /* forward again */
    swaps_expect_life(h, "1 load, 1 start, 2 load, 1 swap_out, 2 swap_in, 2 swap_out, 1 swap_in, "
                         "1 swap_out, 2 swap_in");
    host_admin(h, "unload swapped", NULL, 0);
    swaps_expect_life(h, "1 load, 1 start, 2 load, 1 swap_out, 2 swap_in, 2 swap_out, 1 swap_in, "
                         "1 swap_out, 2 swap_in, 2 stopping, 2 unload");
    CHECK_INT(swaps_copies(h), 0);
    swaps_refused(h, "swapped", "swapped_2", answer, sizeof answer); /* it is no longer loaded */
    host_expect_error(h, "swapped is not swapped: no module swapped is loaded");
    host_stop(h);
}

static void by_stop(void) {
    host *h = start();
    char answer[1024];
    swaps_to(h, "swapped", "swapped_2", NULL, 0);
    swaps_refused(h, "swapped", "swapped_load_fails", answer, sizeof answer);
    swaps_expect_life(
        h, "1 load, 1 start, 2 load, 1 swap_out, 2 swap_in, 2 load"); /* no unload: load failed */
    swaps_refused(h, "swapped", "swapped_world_narrowed", answer, sizeof answer);
    swaps_expect_life(h,
                      "1 load, 1 start, 2 load, 1 swap_out, 2 swap_in, 2 load, 2 load, 2 unload");
    swaps_refused(h, "swapped", "swapped_swap_in_fails", answer, sizeof answer);
    swaps_expect_life(h,
                      "1 load, 1 start, 2 load, 1 swap_out, 2 swap_in, 2 load, 2 load, 2 unload, "
                      "2 load, 2 swap_out, 2 swap_in, 2 swap_in, 2 unload");
    swaps_to(h, "swapped", "swapped_3", NULL, 0);
    host_expect_error(h, "swapped is not swapped, generation 2 keeps serving");
    host_interrupt(h);
    CHECK_INT(host_wait_exit(h, 60000), 0);
    swaps_expect_life(
        h, "1 load, 1 start, 2 load, 1 swap_out, 2 swap_in, 2 load, 2 load, 2 unload, "
           "2 load, 2 swap_out, 2 swap_in, 2 swap_in, 2 unload, 3 load, 2 swap_out, 3 swap_in, "
           "3 stopping, 3 unload");
    host_finish(h, 0);
}

SCENARIO(swap_life) {
    by_unload();
    by_stop();
}

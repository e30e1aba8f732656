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
    swaps_expect_life(h, "1 start loaded");
    swaps_to(h, "swapped", "swapped_2", NULL, 0);
    swaps_expect_life(h, "1 start loaded, 1 stop replaced, 2 start swapped");
    swaps_back(h, "swapped");
    swaps_expect_life(h, "1 start loaded, 1 stop replaced, 2 start swapped, 2 stop replaced, "
                         "1 start returned");
    swaps_back(h, "swapped"); /* forward again */
    swaps_expect_life(h, "1 start loaded, 1 stop replaced, 2 start swapped, 2 stop replaced, "
                         "1 start returned, 1 stop replaced, 2 start returned");
    host_admin(h, "unload swapped", NULL, 0);
    swaps_expect_life(h, "1 start loaded, 1 stop replaced, 2 start swapped, 2 stop replaced, "
                         "1 start returned, 1 stop replaced, 2 start returned, 2 stopping, "
                         "2 stop unloaded");
    CHECK_INT(swaps_copies(h), 0);
    swaps_refused(h, "swapped", "swapped_2", answer, sizeof answer); /* it is no longer loaded */
    host_expect_error(h, "swapped is not swapped: no module swapped is loaded");
    host_stop(h);
}

static void by_stop(void) {
    host *h = start();
    char answer[1024];
    swaps_to(h, "swapped", "swapped_2", NULL, 0);
    swaps_refused(h, "swapped", "swapped_world_narrowed", answer, sizeof answer);
    swaps_expect_life(h, "1 start loaded, 1 stop replaced, 2 start swapped"); /* nothing new */
    swaps_refused(h, "swapped", "swapped_start_fails", answer, sizeof answer);
    swaps_expect_life(h, "1 start loaded, 1 stop replaced, 2 start swapped, 2 stop replaced, "
                         "2 start swapped, 2 start returned"); /* no stop: the start failed */
    swaps_to(h, "swapped", "swapped_3", NULL, 0);
    host_expect_error(h, "swapped is not swapped, generation 2 keeps serving");
    host_interrupt(h);
    CHECK_INT(host_wait_exit(h, 60000), 0);
    swaps_expect_life(h, "1 start loaded, 1 stop replaced, 2 start swapped, 2 stop replaced, "
                         "2 start swapped, 2 start returned, 2 stop replaced, 3 start swapped, "
                         "3 stopping, 3 stop shutdown");
    host_finish(h, 0);
}

SCENARIO(swap_life) {
    by_unload();
    by_stop();
}

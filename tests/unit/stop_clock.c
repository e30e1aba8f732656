/* stop_clock.c: the deadlines of a stop, and what they leave to what has begun before and since. */
#include "os/os.h"
#include "run/stop_clock.h"

#include "support/check.h"

#include <stdatomic.h>

enum { TIMEOUT_MS = 100000, LEAST_MS = 500 };

static atomic_bool asked;
static atomic_bool awake;

static void sleeping_main(void *arg) {
    (void)arg;
    CHECK(stop_clock_await());
    atomic_store(&asked, true);
    CHECK(!stop_clock_sleep(STOP_CLOCK_NEVER)); /* until stop_clock_over */
    atomic_store(&awake, true);
}

SCENARIO(stop_clock) {
    os_thread *sleeping;
    uint64_t early_ms = os_monotonic_ms() - 10000;
    stop_clock_start(TIMEOUT_MS);
    CHECK(stop_clock_cut_ms() == STOP_CLOCK_NEVER && stop_clock_end_ms() == STOP_CLOCK_NEVER);
    CHECK(stop_clock_limit_ms(early_ms, 42) == 42);
    CHECK(stop_clock_limit_ms(early_ms, STOP_CLOCK_NEVER) == STOP_CLOCK_NEVER);
    CHECK_INT(os_thread_start(&sleeping, "sleeping", sleeping_main, NULL), PORTICO_OK);
    stop_clock_ask();
    uint64_t cut_ms = stop_clock_cut_ms();
    uint64_t asked_ms = cut_ms - TIMEOUT_MS;
    CHECK(asked_ms > early_ms && asked_ms <= os_monotonic_ms());
    CHECK(stop_clock_end_ms() == cut_ms + TIMEOUT_MS);
    stop_clock_ask(); /* changes nothing */
    CHECK(stop_clock_cut_ms() == cut_ms);
    /* Before the cut: half of the time until then, counted from the stop at the earliest. */
    CHECK(stop_clock_limit_ms(early_ms, STOP_CLOCK_NEVER) == asked_ms + TIMEOUT_MS / 2);
    CHECK(stop_clock_limit_ms(asked_ms + 40000, STOP_CLOCK_NEVER) == asked_ms + 70000);
    CHECK(stop_clock_limit_ms(asked_ms, asked_ms + 1) == asked_ms + 1);
    CHECK(stop_clock_limit_ms(cut_ms + 7, STOP_CLOCK_NEVER) == cut_ms + 7 + LEAST_MS);
    /* And when the sessions have ended, until the end. */
    stop_clock_drained();
    CHECK(stop_clock_limit_ms(asked_ms, STOP_CLOCK_NEVER) == cut_ms);
    CHECK(stop_clock_sleep(os_monotonic_ms() + 1));
    while (!atomic_load(&asked)) {
        os_sleep(1);
    }
    stop_clock_over();
    os_thread_join(sleeping);
    CHECK(atomic_load(&awake));
    CHECK(!stop_clock_sleep(os_monotonic_ms() + 1));
    /* A short stop_timeout_ms leaves some time after the cut. */
    stop_clock_start(0);
    CHECK(stop_clock_end_ms() == stop_clock_cut_ms() + STOP_CLOCK_LEAST_MS);
}

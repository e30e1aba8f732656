/* timer_helped.c: a thread that comes by fires timers that are late; each fires once, whoever does
 * it, in their order, and never two at a time. */
#include "os/hurry.h"
#include "run/timer.h"

#include "support/check.h"
#include "support/clock.h"

enum { TIMERS = 20, ROUNDS = 500, LATE_NS = 5000000, WAIT_MS = 20000 };

static _Thread_local bool helps; /* this thread is not the timers thread */
static timer all[TIMERS];
static atomic_uint inside;
static atomic_uint fired;
static atomic_uint helped;

static void on_due(timer *t) {
    CHECK_INT(atomic_fetch_add(&inside, 1), 0);
    CHECK_INT(t - all, atomic_load(&fired) % TIMERS);
    atomic_fetch_add(&helped, helps);
    atomic_fetch_add(&fired, 1);
    CHECK_INT(atomic_fetch_sub(&inside, 1), 1);
}

static void wait_fired(uint32_t count) {
    uint64_t end_ms = clock_now_ms() + WAIT_MS;
    while (atomic_load(&fired) < count) {
        CHECK(clock_now_ms() < end_ms);
    }
}

SCENARIO(timer_helped) {
    os_port *port = NULL;
    CHECK_INT(os_port_create(&port), PORTICO_OK);
    CHECK_INT(timers_start(port), PORTICO_OK);
    helps = true;
    os_thread_hurry(); /* as the timers thread, which otherwise would never be late */
    for (int i = 0; i < TIMERS; i++) {
        CHECK_INT(timer_init_direct(&all[i], on_due), PORTICO_OK);
    }
    timers_help(os_monotonic_ns()); /* none is late */
    CHECK_INT(atomic_load(&fired), 0);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        uint64_t due_ns = os_monotonic_ns() - LATE_NS;
        for (int i = TIMERS - 1; i >= 0; i--) { /* the first one last: no other fires before it */
            timer_set_at(&all[i], due_ns + (i > 0 ? LATE_NS * 1000ull : 0));
        }
        for (int i = 1; i < TIMERS; i++) {
            timer_set_at(&all[i], due_ns + (uint64_t)i);
            timers_help(os_monotonic_ns());
        }
        wait_fired(round * TIMERS);
    }
    CHECK_INT(atomic_load(&fired), ROUNDS * TIMERS);
    printf("%u of %u timers were helped\n", atomic_load(&helped), ROUNDS * TIMERS);
    CHECK(atomic_load(&helped) > 0);
    timers_stop();
    for (int i = 0; i < TIMERS; i++) {
        timer_fini(&all[i]);
    }
    timers_fini();
    os_port_destroy(port);
}

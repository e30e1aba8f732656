/* timer_order.c: timers that were set in any order, moved and cancelled fire in the order of their
 * times, once, and never too early. */
#include "run/timer.h"

#include "support/check.h"
#include "support/clock.h"

#include <stdatomic.h>
#include <string.h>

enum { TIMERS = 300, TRIES = 20, AHEAD_MS = 100, STEP_NS = 50000, WAIT_MS = 20000 };

typedef struct alarm_clock {
    timer timer;
    uint64_t due_ns;
    bool cancelled;
} alarm_clock;

static alarm_clock clocks[TIMERS];
static const alarm_clock *fired[2 * TIMERS]; /* in this order */
static atomic_uint count;

static void on_due(timer *t) {
    alarm_clock *c = (alarm_clock *)t;
    CHECK(!c->cancelled);
    CHECK(os_monotonic_ns() >= c->due_ns);
    uint32_t at = atomic_fetch_add(&count, 1);
    CHECK(at < 2 * TIMERS);
    fired[at] = c;
}

static uint32_t dice(uint32_t *state, uint32_t sides) {
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % sides;
}

static void set(alarm_clock *c, uint64_t from_ns, uint32_t *random) {
    c->due_ns = from_ns + (uint64_t)dice(random, TIMERS) * STEP_NS;
    timer_set_at(&c->timer, c->due_ns);
}

/* Sets all timers, moves a third and cancels a third. Returns how many are to fire. */
static uint32_t set_all(uint64_t from_ns, uint32_t *random) {
    uint32_t left = TIMERS;
    for (int i = 0; i < TIMERS; i++) {
        clocks[i].cancelled = false;
        set(&clocks[i], from_ns, random);
    }
    for (int i = 0; i < TIMERS; i++) {
        uint32_t what = dice(random, 3);
        if (what == 0) {
            set(&clocks[i], from_ns, random);
        } else if (what == 1) {
            CHECK(timer_cancel(&clocks[i].timer));
            CHECK(!timer_cancel(&clocks[i].timer));
            clocks[i].cancelled = true;
            left--;
        }
    }
    return left;
}

/* False: the machine was so busy that the first timer was due before all were set. */
static bool try_once(uint32_t *random) {
    uint64_t from_ns = os_monotonic_ns() + AHEAD_MS * 1000000ull;
    atomic_store(&count, 0);
    uint32_t expected = set_all(from_ns, random);
    bool in_time = os_monotonic_ns() < from_ns;
    uint64_t until_ms = clock_now_ms() + WAIT_MS;
    while (timers_count() > 0 || (in_time && atomic_load(&count) < expected)) {
        CHECK(clock_now_ms() < until_ms);
        clock_sleep_ms(1);
    }
    if (in_time) {
        CHECK_INT(atomic_load(&count), expected);
        for (uint32_t i = 1; i < expected; i++) {
            CHECK(fired[i - 1]->due_ns <= fired[i]->due_ns);
        }
    }
    return in_time;
}

SCENARIO(timer_order) {
    os_port *port = NULL;
    uint32_t random = 1;
    int passed = 0;
    CHECK_INT(os_port_create(&port), PORTICO_OK);
    CHECK_INT(timers_start(port), PORTICO_OK);
    for (int i = 0; i < TIMERS; i++) {
        CHECK_INT(timer_init_direct(&clocks[i].timer, on_due), PORTICO_OK);
    }
    for (int i = 0; i < TRIES && passed < 3; i++) {
        passed += try_once(&random);
    }
    timers_stop();
    for (int i = 0; i < TIMERS; i++) {
        timer_fini(&clocks[i].timer);
    }
    timers_fini();
    os_port_destroy(port);
    printf("%d times in order\n", passed);
}

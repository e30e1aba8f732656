/* gate_race.c: threads enter and leave a gate without pause while another closes and opens it. When
 * it is closed nobody is inside; when it could not be closed, or is open again, all threads
 * continue. */
#include "module/gate.h"

#include "support/check.h"
#include "support/clock.h"

enum { CALLERS = 3, CLOSES = 300, CLOSES_WINDOWS = 60, PATIENCE_MS = 20 };

static gate door;
static volatile uint64_t exchanged; /* written while the gate is closed, read inside */
static atomic_bool stop;
static atomic_bool slow; /* callers stay inside for longer than the closer waits */
static atomic_uint calls[CALLERS];
static atomic_uint waited;

static void call(void *arg) {
    atomic_uint *count = arg;
    uint32_t round = 0;
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        bool has_waited = !gate_is_open(&door);
        while (gate_enter(&door) != GATE_PASSED) {
            CHECK(gate_parks(&door) || gate_is_open(&door));
            clock_sleep_ms(1);
        }
        atomic_fetch_add_explicit(&waited, has_waited, memory_order_relaxed);
        uint64_t seen = exchanged;
        /* A caller that has waited stays for longer, since the gate soon closes again. */
        for (uint32_t i = 0; i < (has_waited ? 20000 : round % 8 * 20); i++) {
            CHECK(exchanged == seen);
        }
        if (round % 512 == 0 && atomic_load_explicit(&slow, memory_order_relaxed)) {
            clock_sleep_ms(2 * PATIENCE_MS);
            CHECK(exchanged == seen);
        }
        gate_leave(&door);
        atomic_fetch_add_explicit(count, 1, memory_order_relaxed);
        round++;
    }
}

/* Everybody comes through again. */
static void wait_for_calls(void) {
    for (int i = 0; i < CALLERS; i++) {
        uint32_t before = atomic_load(&calls[i]);
        uint64_t until_ms = clock_now_ms() + 20000;
        while (atomic_load(&calls[i]) == before) {
            CHECK(clock_now_ms() < until_ms);
            clock_sleep_ms(1);
        }
    }
}

/* Gives a caller that has waited at the gate a moment to come through, so that the gate closes
 * while it is inside. */
static void let_waiter_in(uint32_t waited_before) {
    uint64_t until_us = clock_now_us() + 300;
    while (atomic_load(&waited) == waited_before && clock_now_us() < until_us) {
    }
}

/* Returns whether the gate could be closed. */
static bool close_once(uint32_t timeout_ms) {
    uint32_t waited_before = atomic_load(&waited);
    bool closed = gate_close(&door, timeout_ms);
    if (closed) {
        for (int i = 0; i < 100; i++) {
            exchanged++;
        }
        CHECK(!gate_is_open(&door));
        gate_open(&door);
        let_waiter_in(waited_before);
    }
    CHECK(gate_is_open(&door));
    return closed;
}

static void close_often(int times, uint32_t timeout_ms, uint32_t *closed, uint32_t *refused) {
    for (int i = 0; i < times; i++) {
        if (close_once(timeout_ms)) {
            ++*closed;
        } else {
            ++*refused;
        }
        if (i % 64 == 0) {
            wait_for_calls();
        }
    }
}

SCENARIO(gate_race) {
    os_thread *threads[CALLERS];
    uint32_t closed = 0;
    uint32_t refused = 0;
    uint32_t never = 0;
    int times = scale(CLOSES, CLOSES_WINDOWS);
    for (int i = 0; i < CALLERS; i++) {
        CHECK_INT(os_thread_start(&threads[i], "caller", call, &calls[i]), PORTICO_OK);
    }
    wait_for_calls();
    close_often(times, 20000, &closed, &never); /* a call is over in no time */
    CHECK_INT(never, 0);
    close_often(times, 0, &closed, &refused);
    atomic_store(&slow, true);
    close_often(10, PATIENCE_MS, &closed, &refused);
    wait_for_calls();
    atomic_store(&stop, true);
    for (int i = 0; i < CALLERS; i++) {
        os_thread_join(threads[i]);
    }
    CHECK(closed > 0 && refused > 0 && atomic_load(&waited) > 0);
    printf("closed %u times, given up %u times, %u callers waited\n", closed, refused,
           atomic_load(&waited));
}

/* stop_clock.c: see stop_clock.h. */
#include "run/stop_clock.h"

#include "os/os.h"

#include <stdatomic.h>

enum { LEAST_MS = 500 }; /* for anything that has to be done during a stop */

static struct {
    os_mutex lock;
    os_cond changed;
    uint32_t timeout_ms;
    _Atomic uint64_t asked_ms; /* 0: not yet. Changes once, under the lock */
    atomic_bool drained;
    bool over;
} stop_clock;

void stop_clock_start(uint32_t stop_timeout_ms) {
    stop_clock.timeout_ms = stop_timeout_ms;
}

void stop_clock_ask(void) {
    os_mutex_lock(&stop_clock.lock);
    if (atomic_load(&stop_clock.asked_ms) == 0) {
        uint64_t now_ms = os_monotonic_ms();
        atomic_store(&stop_clock.asked_ms, now_ms > 0 ? now_ms : 1);
    }
    os_cond_wake_all(&stop_clock.changed);
    os_mutex_unlock(&stop_clock.lock);
}

static uint64_t cut_of(uint64_t asked_ms) {
    return asked_ms + stop_clock.timeout_ms;
}

static uint64_t end_of(uint64_t asked_ms) {
    bool longer = stop_clock.timeout_ms > STOP_CLOCK_LEAST_MS;
    return cut_of(asked_ms) + (longer ? stop_clock.timeout_ms : STOP_CLOCK_LEAST_MS);
}

uint64_t stop_clock_cut_ms(void) {
    uint64_t asked_ms = atomic_load(&stop_clock.asked_ms);
    return asked_ms != 0 ? cut_of(asked_ms) : STOP_CLOCK_NEVER;
}

uint64_t stop_clock_end_ms(void) {
    uint64_t asked_ms = atomic_load(&stop_clock.asked_ms);
    return asked_ms != 0 ? end_of(asked_ms) : STOP_CLOCK_NEVER;
}

uint64_t stop_clock_total_ms(void) {
    return end_of(0);
}

uint64_t stop_clock_since_ms(void) {
    uint64_t asked_ms = atomic_load(&stop_clock.asked_ms);
    return asked_ms != 0 ? os_monotonic_ms() - asked_ms : 0;
}

void stop_clock_drained(void) {
    atomic_store(&stop_clock.drained, true);
}

uint64_t stop_clock_limit_ms(uint64_t begun_ms, uint64_t until_ms) {
    uint64_t asked_ms = atomic_load(&stop_clock.asked_ms);
    if (asked_ms == 0) {
        return until_ms;
    }
    uint64_t from_ms = begun_ms > asked_ms ? begun_ms : asked_ms;
    uint64_t next_ms = atomic_load(&stop_clock.drained) ? end_of(asked_ms) : cut_of(asked_ms);
    uint64_t left_ms = next_ms > from_ms ? (next_ms - from_ms) / 2 : 0;
    uint64_t limit_ms = from_ms + (left_ms > LEAST_MS ? left_ms : LEAST_MS);
    return limit_ms < until_ms ? limit_ms : until_ms;
}

bool stop_clock_await(void) {
    os_mutex_lock(&stop_clock.lock);
    while (!stop_clock.over && atomic_load(&stop_clock.asked_ms) == 0) {
        os_cond_wait(&stop_clock.changed, &stop_clock.lock, UINT32_MAX);
    }
    bool over = stop_clock.over;
    os_mutex_unlock(&stop_clock.lock);
    return !over;
}

bool stop_clock_sleep(uint64_t until_ms) {
    os_mutex_lock(&stop_clock.lock);
    while (!stop_clock.over) {
        uint64_t now_ms = os_monotonic_ms();
        if (now_ms >= until_ms) {
            break;
        }
        os_cond_wait(&stop_clock.changed, &stop_clock.lock, (uint32_t)(until_ms - now_ms));
    }
    bool over = stop_clock.over;
    os_mutex_unlock(&stop_clock.lock);
    return !over;
}

void stop_clock_over(void) {
    os_mutex_lock(&stop_clock.lock);
    stop_clock.over = true;
    os_cond_wake_all(&stop_clock.changed);
    os_mutex_unlock(&stop_clock.lock);
}

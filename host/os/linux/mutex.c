/* mutex.c: see mutex.h; and os_mutex and os_cond.
 *
 * WHY NO WAKE-UP IS LOST
 *
 * 1. A mutex's word is MUTEX_WANTED whenever a thread may sleep on it. A thread sets it before it
 *    sleeps, and takes the lock with it afterwards, since others may still sleep. The unlock that
 *    finds it wakes one thread. The futex does not sleep if the word has changed by then.
 * 2. A condition's waiter reads `turn` while it holds the mutex. A later wake-up changes `turn`, so
 *    the futex does not sleep.
 * 3. A wake-up without the mutex may come before the waiter has taken it: then there is nothing to
 *    wait for.
 */
#include "mutex.h"

#include "os/os.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { SPINS = 100 }; /* most locks are held for less time */

static_assert(sizeof(mutex) <= sizeof(os_mutex), "os_mutex is too small");
static_assert(sizeof(condition) <= sizeof(os_cond), "os_cond is too small");

bool futex_sleep(_Atomic uint32_t *word, uint32_t value, uint64_t until_ns) {
    struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000),
                             .tv_nsec = (long)(until_ns % 1000000000)};
    long result = syscall(SYS_futex, word, FUTEX_WAIT_BITSET_PRIVATE, value,
                          until_ns != UINT64_MAX ? &until : NULL, NULL, FUTEX_BITSET_MATCH_ANY);
    return result == 0 || errno != ETIMEDOUT;
}

void futex_wake(_Atomic uint32_t *word, int count) {
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

void mutex_wait(mutex *m) {
    uint32_t found = MUTEX_HELD;
    for (int i = 0; i < SPINS && found == MUTEX_HELD; i++) {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#endif
        found = MUTEX_FREE;
        if (atomic_compare_exchange_weak_explicit(&m->word, &found, MUTEX_HELD,
                                                  memory_order_acquire, memory_order_relaxed)) {
            return;
        }
    }
    while (atomic_exchange_explicit(&m->word, MUTEX_WANTED, memory_order_acquire) != MUTEX_FREE) {
        futex_sleep(&m->word, MUTEX_WANTED, UINT64_MAX);
    }
}

void mutex_wake(mutex *m) {
    futex_wake(&m->word, 1);
}

/* ---- the seam ------------------------------------------------------------------------------ */

void os_mutex_lock(os_mutex *m) {
    mutex_lock((mutex *)m);
}

void os_mutex_unlock(os_mutex *m) {
    mutex_unlock((mutex *)m);
}

bool os_cond_wait(os_cond *cond, os_mutex *m, uint32_t timeout_ms) {
    condition *c = (condition *)cond;
    uint64_t until_ns =
        timeout_ms != UINT32_MAX ? os_monotonic_ns() + (uint64_t)timeout_ms * 1000000 : UINT64_MAX;
    uint32_t turn = atomic_load(&c->turn);
    atomic_fetch_add(&c->waiters, 1);
    os_mutex_unlock(m);
    bool woken = futex_sleep(&c->turn, turn, until_ns);
    atomic_fetch_sub(&c->waiters, 1);
    os_mutex_lock(m);
    return woken;
}

void os_cond_wake_all(os_cond *cond) {
    condition *c = (condition *)cond;
    atomic_fetch_add(&c->turn, 1);
    if (atomic_load(&c->waiters) != 0) {
        futex_wake(&c->turn, INT_MAX);
    }
}

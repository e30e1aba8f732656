/* mutex.h: the lock of this folder and the inside of os_mutex.
 *
 * One word, so that every session and socket can have one. An uncontended lock takes one
 * instruction; pthread_mutex_t takes forty bytes and two calls. Not recursive, not fair. The
 * algorithm is the third in Ulrich Drepper, "Futexes Are Tricky"
 * (https://www.akkadia.org/drepper/futex.pdf). All bytes zero is free; nothing needs to be
 * released. The thread sanitizer is notified of each step, so it sees races and lock orders as with
 * pthreads.
 */
#ifndef PORTICO_LINUX_MUTEX_H
#define PORTICO_LINUX_MUTEX_H

#include "os/compiler.h"
#include "sanitized.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef PORTICO_TSAN
#include <sanitizer/tsan_interface.h>
#define MUTEX_TELL(step, ...) __tsan_mutex_##step(__VA_ARGS__)
#else
#define MUTEX_TELL(step, ...) ((void)0)
#endif

enum { MUTEX_FREE, MUTEX_HELD, MUTEX_WANTED /* held, and a thread may sleep on it */ };

/* may_alias: the same storage is an os_mutex for the caller. */
typedef struct __attribute__((may_alias)) mutex {
    _Atomic uint32_t word;
} mutex;

/* mutex_wait takes a mutex that was not free; mutex_wake wakes one thread that sleeps on it. */
COLD void mutex_wait(mutex *m);
COLD void mutex_wake(mutex *m);

static inline void mutex_lock(mutex *m) {
    uint32_t found = MUTEX_FREE;
    MUTEX_TELL(pre_lock, m, 0);
    if (!atomic_compare_exchange_strong_explicit(&m->word, &found, MUTEX_HELD, memory_order_acquire,
                                                 memory_order_relaxed)) {
        mutex_wait(m);
    }
    MUTEX_TELL(post_lock, m, 0, 0);
}

static inline void mutex_unlock(mutex *m) {
    MUTEX_TELL(pre_unlock, m, 0);
    if (atomic_exchange_explicit(&m->word, MUTEX_FREE, memory_order_release) == MUTEX_WANTED) {
        mutex_wake(m);
    }
    MUTEX_TELL(post_unlock, m, 0);
}

/* Sleeps while the word is `value`, until os_monotonic_ns() is `until_ns` (UINT64_MAX: for ever).
 * May return for no reason. False: the time has come. */
bool futex_sleep(_Atomic uint32_t *word, uint32_t value, uint64_t until_ns);
COLD void futex_wake(_Atomic uint32_t *word, int count);

/* The inside of os_cond. All bytes zero: no thread waits. */
typedef struct __attribute__((may_alias)) condition {
    _Atomic uint32_t turn; /* changes with every wake-up */
    _Atomic uint32_t waiters;
} condition;

#endif

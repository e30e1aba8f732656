/* durations.h: a histogram of durations for the metrics: few buckets, so that many of them can be
 * kept. Any thread, no lock.
 */
#ifndef PORTICO_DURATIONS_H
#define PORTICO_DURATIONS_H

#include "base/own_count.h"

#include <stdatomic.h>
#include <stdint.h>

/* Their bounds are 4096 ns, four times that, and so on up to 2^32 ns, 4.3 s; the last has none. */
enum { DURATIONS_BOUNDS = 11, DURATIONS_BUCKETS = DURATIONS_BOUNDS + 1 };

typedef struct durations {
    _Atomic uint64_t counts[DURATIONS_BUCKETS];
    _Atomic uint64_t sum_ns;
} durations;

typedef struct durations_view {
    uint64_t counts[DURATIONS_BUCKETS];
    uint64_t sum_ns;
} durations_view;

/* The longest duration that belongs into a bucket. */
static inline uint64_t durations_bound_ns(uint32_t bucket) {
    return 4096ull << 2 * bucket;
}

/* The bucket that a duration belongs into. */
static inline uint32_t durations_bucket(uint64_t ns) {
    uint32_t bucket = 0;
    while (bucket < DURATIONS_BOUNDS && ns > durations_bound_ns(bucket)) {
        bucket++;
    }
    return bucket;
}

static inline void durations_add(durations *d, uint64_t ns) {
    uint32_t bucket = durations_bucket(ns);
    atomic_fetch_add_explicit(&d->counts[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&d->sum_ns, ns, memory_order_relaxed);
}

/* The same for one that only the calling thread adds to: no locked instruction. */
static inline void durations_add_own(durations *d, uint64_t ns) {
    own_count_add(&d->counts[durations_bucket(ns)], 1);
    own_count_add(&d->sum_ns, ns);
}

/* Adds what `d` has counted to the view. */
static inline void durations_look(durations *d, durations_view *view) {
    for (uint32_t i = 0; i < DURATIONS_BUCKETS; i++) {
        view->counts[i] += atomic_load_explicit(&d->counts[i], memory_order_relaxed);
    }
    view->sum_ns += atomic_load_explicit(&d->sum_ns, memory_order_relaxed);
}

#endif

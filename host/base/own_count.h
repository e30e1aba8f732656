/* own_count.h: adds to a count that one thread at a time writes and any thread reads: no locked
 * instruction is needed. */
#ifndef PORTICO_OWN_COUNT_H
#define PORTICO_OWN_COUNT_H

#include <stdatomic.h>
#include <stdint.h>

static inline void own_count_add(_Atomic uint64_t *to, uint64_t count) {
    uint64_t now = atomic_load_explicit(to, memory_order_relaxed);
    atomic_store_explicit(to, now + count, memory_order_relaxed);
}

#endif

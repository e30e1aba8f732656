/* trace_ring.c: see trace_ring.h.
 *
 * The bytes are divided into units, and a record is a number of units in a row. Its first bytes say
 * how many, once it is committed. Until then they are zero: the reader clears what it has read
 * before it lets writers have it. A record that would go past the end begins at the start, and the
 * units that are left at the end become a record to skip.
 */
#include "trace/trace_ring.h"

#include <stdlib.h>
#include <string.h>

enum { UNIT = 64, SKIP = 1 << 30 };

typedef struct unit_head {
    _Alignas(16) _Atomic uint32_t units; /* 0: not committed; SKIP: there is nothing in it */
    uint32_t reserved;                   /* what `units` will be */
} unit_head;

bool trace_ring_init(trace_ring *r, uint32_t capacity) {
    *r = (trace_ring){.bytes = calloc(1, capacity), .capacity = capacity};
    return r->bytes != NULL;
}

void trace_ring_fini(trace_ring *r) {
    free(r->bytes);
    r->bytes = NULL;
}

static unit_head *unit_at(const trace_ring *r, uint64_t at) {
    return (unit_head *)(void *)(r->bytes + (at & (r->capacity - 1)));
}

void *trace_ring_reserve(trace_ring *r, uint32_t size) {
    uint32_t units = (uint32_t)(sizeof(unit_head) + size + UNIT - 1) / UNIT;
    uint32_t bytes = units * UNIT;
    uint64_t tail = atomic_load(&r->tail); /* first: so it is never past the head */
    uint64_t head = atomic_load(&r->head);
    uint32_t skipped = 0;
    do {
        uint32_t to_end = r->capacity - (uint32_t)(head & (r->capacity - 1));
        skipped = bytes > to_end ? to_end : 0;
        if (head - tail + skipped + bytes > r->capacity) {
            return NULL;
        }
    } while (!atomic_compare_exchange_weak(&r->head, &head, head + skipped + bytes));
    if (skipped > 0) {
        atomic_store(&unit_at(r, head)->units, skipped / UNIT | SKIP);
    }
    unit_head *u = unit_at(r, head + skipped);
    u->reserved = units;
    return u + 1;
}

void trace_ring_commit(void *record) {
    unit_head *u = (unit_head *)record - 1;
    atomic_store(&u->units, u->reserved);
}

/* Lets writers have the oldest record, whose first bytes say `units`. */
static void drop(trace_ring *r, uint64_t tail, uint32_t units) {
    uint32_t bytes = (units & ~(uint32_t)SKIP) * UNIT;
    memset((void *)unit_at(r, tail), 0, bytes);
    atomic_store(&r->tail, tail + bytes);
}

const void *trace_ring_next(trace_ring *r) {
    for (;;) {
        uint64_t tail = atomic_load(&r->tail);
        if (tail == atomic_load(&r->head)) {
            return NULL;
        }
        unit_head *u = unit_at(r, tail);
        uint32_t units = atomic_load(&u->units);
        if (units == 0) {
            return NULL;
        }
        if ((units & SKIP) == 0) {
            return u + 1;
        }
        drop(r, tail, units);
    }
}

void trace_ring_release(trace_ring *r) {
    uint64_t tail = atomic_load(&r->tail);
    drop(r, tail, atomic_load(&unit_at(r, tail)->units));
}

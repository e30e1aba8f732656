/* trace_ring.h: a bounded queue of records of any size: many threads write, one reads, and nobody
 * waits.
 *
 * A writer reserves bytes, fills them and commits them. If there is no space, it learns so at once.
 * The reader sees the records in the order in which they were reserved, and none before a record
 * that is not committed.
 */
#ifndef PORTICO_TRACE_RING_H
#define PORTICO_TRACE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct trace_ring {
    uint8_t *bytes;        /* all zero but for records that the reader has not released */
    uint32_t capacity;     /* a power of two */
    _Atomic uint64_t head; /* bytes ever reserved */
    _Atomic uint64_t tail; /* bytes ever released */
} trace_ring;

/* `capacity` is a power of two, 4096 or more. False: out of memory. */
bool trace_ring_init(trace_ring *r, uint32_t capacity);
/* No thread writes any more. */
void trace_ring_fini(trace_ring *r);

/* Space for a record of `size` bytes, aligned to 16; NULL: there is none now. [any thread] */
void *trace_ring_reserve(trace_ring *r, uint32_t size);
/* The record is complete. The caller does not touch it any more. [any thread] */
void trace_ring_commit(void *record);

/* The oldest record; NULL: none is complete. It stays until trace_ring_release. [reader] */
const void *trace_ring_next(trace_ring *r);
void trace_ring_release(trace_ring *r);

#endif

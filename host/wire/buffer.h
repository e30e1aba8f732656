/* buffer.h: memory for bytes that are received or sent.
 *
 * pool     memory of a few sizes. Each worker keeps some for itself, so that passing packets
 *          allocates nothing. Any thread; one thread may give what another took.
 * block    what a session receives into: of the standard size, from a pool, or larger for a large
 *          frame. One owner at a time.
 * shared   bytes that many sessions send: reference-counted. Any thread.
 */
#ifndef PORTICO_BUFFER_H
#define PORTICO_BUFFER_H

#include "os/compiler.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum pool { POOL_SMALL, POOL_MEDIUM, POOL_LARGE, POOLS } pool;

/* Medium and large are slightly above a power of two, so that they do not all begin in the same
 * cache set. Large has room for a standard block. */
enum { POOL_SMALL_BYTES = 128, POOL_MEDIUM_BYTES = 2048 + 64, POOL_LARGE_BYTES = 16 * 1024 + 128 };

/* Memory of any size, counted in the statistics, as is that of pools, blocks and shared. NULL: out
 * of memory. */
COLD void *buffer_allocate(uint64_t bytes);
COLD void buffer_free(void *memory, uint64_t bytes); /* not NULL; the bytes that were asked for */

/* The bytes that pool_take returns. */
static inline uint32_t pool_bytes(pool p) {
    return p == POOL_SMALL    ? POOL_SMALL_BYTES
           : p == POOL_MEDIUM ? POOL_MEDIUM_BYTES
                              : POOL_LARGE_BYTES;
}

/* Not zeroed; NULL when out of memory. */
void *pool_take(pool p);
void pool_give(pool p, void *memory); /* not NULL */

/* Whether the calling thread keeps what is given, for its next takes. Initially not; a thread that
 * has turned it on turns it off before it ends. */
void pool_keep(bool keep);

enum { BLOCK_BYTES = 16 * 1024 }; /* the standard size */

typedef struct block {
    uint32_t capacity;
    uint32_t reserved;
    uint8_t bytes[]; /* capacity + 1: a handler's payload is followed by a zero */
} block;

/* NULL when out of memory. */
block *block_take(uint32_t capacity);
void block_give(block *b);

typedef struct shared {
    _Atomic uint32_t refs;
    uint32_t size;
    uint8_t bytes[];
} shared;

/* With one reference, the caller's. NULL when out of memory. */
shared *shared_create(uint32_t size);
shared *shared_hold(shared *b);
void shared_release(shared *b);

#endif

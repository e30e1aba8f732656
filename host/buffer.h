/* buffer.h: bytes to receive into and bytes to send.
 *
 * pool     memory of a few sizes, of which each worker keeps some for itself, so that nothing is allocated
 *          while packets come and go. Any thread; what one has taken another may give.
 * block    what a session receives into: of one standard size, from a pool, or larger for a large frame. One
 *          owner at a time.
 * shared   bytes that many sessions send: counted, freed by the last. Any thread.
 */
#ifndef PORTICO_BUFFER_H
#define PORTICO_BUFFER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum pool {
    POOL_SMALL,  /* 128 bytes */
    POOL_MEDIUM, /* a bit more than 2 KiB, so that not all begin in the same set of a cache */
    POOL_LARGE,  /* a bit more than 16 KiB */
    POOLS
} pool;

/* The bytes that pool_take returns. */
static inline uint32_t pool_bytes(pool p) {
    return p == POOL_SMALL ? 128 : p == POOL_MEDIUM ? 2048 + 64 : 16 * 1024 + 128;
}

/* Not zeroed; NULL when out of memory. */
void *pool_take(pool p);
void pool_give(pool p, void *memory); /* not NULL */

/* Whether the calling thread keeps what is given, for its next takes: not until it says so, and to be said no before
 * the thread ends. */
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

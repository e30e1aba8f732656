/* buffer.h: bytes to receive into and bytes to send.
 *
 * block    what a session receives into: of one standard size, kept in a small cache of each
 *          worker, or larger for a large frame. One owner at a time.
 * shared   bytes that many sessions send: counted, freed by the last. Any thread.
 */
#ifndef PORTICO_BUFFER_H
#define PORTICO_BUFFER_H

#include <stdatomic.h>
#include <stdint.h>

enum { BLOCK_BYTES = 16 * 1024 }; /* the standard size */

typedef struct block {
    struct block *next;
    uint32_t capacity;
    uint32_t reserved;
    uint8_t bytes[]; /* capacity + 1: a handler's payload is followed by a zero */
} block;

/* NULL when out of memory. */
block *block_take(uint32_t capacity);
void block_give(block *b);

/* How many returned blocks the calling thread keeps for itself: none until it says so, and to be set back
 * to none before the thread ends. */
void block_cache(uint32_t room);

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

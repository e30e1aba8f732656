/* slab.h: where the sockets of one port live.
 *
 * Slots are made in chunks that never move and are freed with the port, so that an event for a
 * socket that was closed meanwhile finds memory, locks it and sees another generation. Chunk k
 * holds 64 << k slots: few chunks, no copying, and what is not used yet was never touched.
 */
#ifndef PORTICO_LINUX_SLAB_H
#define PORTICO_LINUX_SLAB_H

#include "mutex.h"
#include "os/os.h"

#include <stdatomic.h>

enum { SLAB_FIRST_BITS = 6, SLAB_CHUNKS = 20 }; /* 64 slots at first, 67 million at most */

typedef struct slab {
    mutex lock; /* of `free` and `count`; the last one taken */
    os_socket *free;
    uint32_t count; /* slots ever handed out */
    _Atomic(os_socket *) chunks[SLAB_CHUNKS];
} slab;

/* All bytes zero is an empty slab. */
void slab_fini(slab *s);

/* A slot that nobody uses, with its index and generation set; NULL when there is no memory. */
os_socket *slab_take(slab *s);

/* Gives a slot back whose generation the caller has moved on. */
void slab_give(slab *s, os_socket *slot);

/* The slot with an index that slab_take has once handed out. */
os_socket *slab_at(slab *s, uint32_t index);

#endif

/* slab.h: where the sockets of one port live.
 *
 * Slots are allocated in chunks that never move and are freed with the port. So an event for a
 * socket that has been closed since finds memory, locks it and sees another generation. Chunk k
 * holds 64 << k slots: few chunks, no copying, and slots not used yet are never touched.
 */
#ifndef PORTICO_LINUX_SLAB_H
#define PORTICO_LINUX_SLAB_H

#include "mutex.h"
#include "os/os.h"

#include <stdatomic.h>

enum { SLAB_FIRST_BITS = 6, SLAB_CHUNKS = 20 }; /* 64 slots at first, 67 million at most */

typedef struct slab {
    mutex lock; /* of `free` and `count`; last in the lock order */
    os_socket *free;
    uint32_t count; /* slots ever handed out */
    _Atomic(os_socket *) chunks[SLAB_CHUNKS];
} slab;

/* All bytes zero is an empty slab. */
void slab_fini(slab *s);

/* A free slot with its index and generation set; NULL without memory. */
os_socket *slab_take(slab *s);

/* Returns a slot whose generation the caller has advanced. */
void slab_give(slab *s, os_socket *slot);

/* The slot of an index that slab_take has handed out before. */
os_socket *slab_at(slab *s, uint32_t index);

#endif

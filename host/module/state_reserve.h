/* state_reserve.h: blocks for the states that a swap will replace, allocated before it. A swap that
 * has begun must not run out of memory: a state that cannot be taken over is lost.
 *
 * Filled and emptied on the control thread; any thread takes. All bytes zero: empty.
 */
#ifndef PORTICO_STATE_RESERVE_H
#define PORTICO_STATE_RESERVE_H

#include "os/os.h"

typedef struct state_reserve {
    os_mutex lock; /* a leaf */
    void *first;   /* each block begins with the address of the next */
    uint32_t count;
} state_reserve;

/* Adds blocks of `size` bytes until there are `count`. False: out of memory. */
bool state_reserve_fill(state_reserve *r, uint32_t size, uint32_t count);

/* Returns a zeroed block of `size` bytes, for the caller to free; NULL: there is none. */
void *state_reserve_take(state_reserve *r, uint32_t size);

uint32_t state_reserve_count(state_reserve *r);

/* Frees all blocks. */
void state_reserve_empty(state_reserve *r);

#endif

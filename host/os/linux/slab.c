/* slab.c: see slab.h. */
#include "slab.h"

#include "socket.h"

#include <stdlib.h>

static uint32_t chunk_of(uint32_t index) {
    uint64_t shifted = (uint64_t)index + (1u << SLAB_FIRST_BITS);
    return 63u - (uint32_t)__builtin_clzll(shifted) - SLAB_FIRST_BITS;
}

static uint32_t chunk_start(uint32_t chunk) {
    return (1u << (SLAB_FIRST_BITS + chunk)) - (1u << SLAB_FIRST_BITS);
}

void slab_fini(slab *s) {
    for (uint32_t chunk = 0; chunk < SLAB_CHUNKS; chunk++) {
        free(atomic_load(&s->chunks[chunk]));
    }
}

os_socket *slab_at(slab *s, uint32_t index) {
    uint32_t chunk = chunk_of(index);
    return atomic_load_explicit(&s->chunks[chunk], memory_order_acquire) +
           (index - chunk_start(chunk));
}

/* Adds a slot that was never used before. [slab lock held] */
static os_socket *slab_grow(slab *s) {
    uint32_t chunk = chunk_of(s->count);
    if (chunk >= SLAB_CHUNKS) {
        return NULL;
    }
    if (atomic_load(&s->chunks[chunk]) == NULL) {
        os_socket *slots =
            aligned_alloc(alignof(os_socket), sizeof *slots << (SLAB_FIRST_BITS + chunk));
        if (slots == NULL) {
            return NULL;
        }
        atomic_store_explicit(&s->chunks[chunk], slots, memory_order_release);
    }
    os_socket *slot = slab_at(s, s->count);
    *slot = (os_socket){.index = s->count, .generation = 1};
    s->count++;
    return slot;
}

os_socket *slab_take(slab *s) {
    mutex_lock(&s->lock);
    os_socket *slot = s->free;
    if (slot != NULL) {
        s->free = slot->next_free;
    } else {
        slot = slab_grow(s);
    }
    mutex_unlock(&s->lock);
    return slot;
}

void slab_give(slab *s, os_socket *slot) {
    mutex_lock(&s->lock);
    slot->next_free = s->free;
    s->free = slot;
    mutex_unlock(&s->lock);
}

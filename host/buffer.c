/* buffer.c: see buffer.h. */
#include "buffer.h"

#include <stdlib.h>

static _Thread_local block *cache;
static _Thread_local uint32_t cache_room; /* how many more may be kept */

block *block_take(uint32_t capacity) {
    block *b = cache;
    if (capacity <= BLOCK_BYTES && b != NULL) {
        cache = b->next;
        cache_room++;
        return b;
    }
    uint32_t size = capacity <= BLOCK_BYTES ? BLOCK_BYTES : capacity;
    b = malloc(sizeof *b + size + 1);
    if (b != NULL) {
        b->capacity = size;
    }
    return b;
}

void block_give(block *b) {
    if (b == NULL) {
        return;
    }
    if (b->capacity != BLOCK_BYTES || cache_room == 0) {
        free(b);
        return;
    }
    b->next = cache;
    cache = b;
    cache_room--;
}

void block_cache(uint32_t room) {
    while (cache != NULL) {
        block *b = cache;
        cache = b->next;
        free(b);
    }
    cache_room = room;
}

shared *shared_create(uint32_t size) {
    shared *b = malloc(sizeof *b + size);
    if (b != NULL) {
        atomic_init(&b->refs, 1);
        b->size = size;
    }
    return b;
}

shared *shared_hold(shared *b) {
    atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    return b;
}

void shared_release(shared *b) {
    if (b != NULL && atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1) {
        free(b);
    }
}

/* state_reserve.c: see state_reserve.h. */
#include "module/state_reserve.h"

#include <stdlib.h>
#include <string.h>

static void *pop_locked(state_reserve *r) {
    void *block = r->first;
    if (block != NULL) {
        memcpy(&r->first, block, sizeof r->first);
        r->count--;
    }
    return block;
}

static void push(state_reserve *r, void *block) {
    os_mutex_lock(&r->lock);
    memcpy(block, &r->first, sizeof r->first);
    r->first = block;
    r->count++;
    os_mutex_unlock(&r->lock);
}

static void *pop(state_reserve *r) {
    os_mutex_lock(&r->lock);
    void *block = pop_locked(r);
    os_mutex_unlock(&r->lock);
    return block;
}

uint32_t state_reserve_count(state_reserve *r) {
    os_mutex_lock(&r->lock);
    uint32_t count = r->count;
    os_mutex_unlock(&r->lock);
    return count;
}

bool state_reserve_fill(state_reserve *r, uint32_t size, uint32_t count) {
    for (uint32_t have = state_reserve_count(r); have < count; have++) {
        void *block = calloc(1, size > sizeof r->first ? size : sizeof r->first);
        if (block == NULL) {
            return false;
        }
        push(r, block);
    }
    return true;
}

void *state_reserve_take(state_reserve *r, uint32_t size) {
    void *block = pop(r);
    if (block != NULL) {
        memset(block, 0, size < sizeof r->first ? size : sizeof r->first); /* the address */
    }
    return block;
}

void state_reserve_empty(state_reserve *r) {
    void *block = NULL;
    while ((block = pop(r)) != NULL) {
        free(block);
    }
}

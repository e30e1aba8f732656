/* buffer.c: see buffer.h. */
#include "wire/buffer.h"

#include "base/stats.h"
#include "os/compiler.h"

#include <assert.h>
#include <stdlib.h>

/* Memory that a thread keeps. */
typedef struct kept {
    struct kept *next;
} kept;

static const uint32_t keep_most[POOLS] = {
    [POOL_SMALL] = 128, [POOL_MEDIUM] = 80, [POOL_LARGE] = 16};

static _Thread_local struct {
    kept *first[POOLS];
    uint32_t room[POOLS]; /* how many more it may keep: none before pool_keep */
} own;

COLD void *buffer_allocate(uint64_t bytes) {
    void *memory = malloc(bytes);
    if (memory != NULL) {
        stats_add(STAT_buffer_bytes_taken, bytes);
    }
    return memory;
}

COLD void buffer_free(void *memory, uint64_t bytes) {
    stats_add(STAT_buffer_bytes_given, bytes);
    free(memory);
}

void *pool_take(pool p) {
    kept *k = own.first[p];
    if (k == NULL) {
        return buffer_allocate(pool_bytes(p));
    }
    own.first[p] = k->next;
    own.room[p]++;
    return k;
}

void pool_give(pool p, void *memory) {
    kept *k = memory;
    if (own.room[p] == 0) {
        buffer_free(k, pool_bytes(p));
        return;
    }
    k->next = own.first[p];
    own.first[p] = k;
    own.room[p]--;
}

void pool_keep(bool keep) {
    for (int p = 0; p < POOLS; p++) {
        while (own.first[p] != NULL) {
            kept *k = own.first[p];
            own.first[p] = k->next;
            buffer_free(k, pool_bytes((pool)p));
        }
        own.room[p] = keep ? keep_most[p] : 0;
    }
}

/* Of a block that comes from no pool. */
static uint64_t block_bytes(uint32_t capacity) {
    return sizeof(block) + (uint64_t)capacity + 1;
}

block *block_take(uint32_t capacity) {
    static_assert(sizeof(block) + BLOCK_BYTES + 1 <= POOL_LARGE_BYTES, "does not fit POOL_LARGE");
    bool standard = capacity <= BLOCK_BYTES;
    block *b = standard ? pool_take(POOL_LARGE) : buffer_allocate(block_bytes(capacity));
    if (b != NULL) {
        b->capacity = standard ? BLOCK_BYTES : capacity;
    }
    return b;
}

void block_give(block *b) {
    if (b == NULL) {
        return;
    }
    if (b->capacity != BLOCK_BYTES) {
        buffer_free(b, block_bytes(b->capacity));
        return;
    }
    pool_give(POOL_LARGE, b);
}

shared *shared_create(uint32_t size) {
    shared *b = buffer_allocate(sizeof *b + (uint64_t)size);
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
        buffer_free(b, sizeof *b + (uint64_t)b->size);
    }
}

/* stats.c: see stats.h. */
#include "stats.h"

#include <stdatomic.h>

/* 128 bytes: two cache lines, since processors fetch them in pairs. */
typedef struct stats_block {
    _Alignas(128) _Atomic uint64_t counts[STAT_COUNT];
} stats_block;

static stats_block blocks[STATS_BLOCKS];
static _Thread_local uint32_t own_block;

void stats_use_block(uint32_t block) {
    own_block = block < STATS_BLOCKS ? block : 0;
}

void stats_add(stat s, uint64_t count) {
    _Atomic uint64_t *counter = &blocks[own_block].counts[s];
    if (own_block != 0) {
        /* Only this thread writes here: no locked instruction is needed. */
        uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);
        atomic_store_explicit(counter, now + count, memory_order_relaxed);
    } else {
        atomic_fetch_add_explicit(counter, count, memory_order_relaxed);
    }
}

uint64_t stats_sum(stat s) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < STATS_BLOCKS; i++) {
        sum += atomic_load_explicit(&blocks[i].counts[s], memory_order_relaxed);
    }
    return sum;
}

const char *stats_name(stat s) {
    static const char *const names[STAT_COUNT] = {
#define STATS_NAME(name) #name,
        STATS_LIST(STATS_NAME)
#undef STATS_NAME
    };
    return names[s];
}

/* stats.c: see stats.h. */
#include "base/stats.h"

#include "os/compiler.h"

#include <stdatomic.h>
#include <stddef.h>

/* 128 bytes: two cache lines, since processors fetch them in pairs. */
typedef struct stats_block {
    _Alignas(128) _Atomic uint64_t counts[STAT_COUNT];
} stats_block;

static stats_block blocks[STATS_BLOCKS];
static _Thread_local stats_block *own; /* NULL: block 0, which is shared */

void stats_use_block(uint32_t block) {
    own = block != 0 && block < STATS_BLOCKS ? &blocks[block] : NULL;
}

COLD static void stats_add_shared(stat s, uint64_t count) {
    atomic_fetch_add_explicit(&blocks[0].counts[s], count, memory_order_relaxed);
}

void stats_add(stat s, uint64_t count) {
    stats_block *b = own;
    if (b == NULL) {
        stats_add_shared(s, count);
        return;
    }
    /* Only this thread writes here, so no locked instruction is needed. */
    uint64_t now = atomic_load_explicit(&b->counts[s], memory_order_relaxed);
    atomic_store_explicit(&b->counts[s], now + count, memory_order_relaxed);
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

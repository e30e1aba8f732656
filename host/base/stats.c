/* stats.c: see stats.h. */
#include "base/stats.h"

#include "base/own_count.h"

#include "os/compiler.h"

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

/* 128 bytes: two cache lines, since processors fetch them in pairs. */
typedef struct stats_block {
    _Alignas(128) _Atomic uint64_t counts[STAT_COUNT];
    _Alignas(128) _Atomic uint64_t flows[FLOWS_MAX * FLOW_KINDS]; /* a flow's number: its first */
} stats_block;

static stats_block blocks[STATS_BLOCKS]; /* pages that nobody counts in take no memory */
static _Thread_local stats_block *own;   /* NULL: block 0, which is shared */
static atomic_uint flows;                /* how many there are, at most FLOWS_MAX */

void stats_use_block(uint32_t block) {
    own = block != 0 && block < STATS_BLOCKS ? &blocks[block] : NULL;
}

uint32_t stats_own_block(void) {
    return own != NULL ? (uint32_t)(own - blocks) : 0;
}

COLD static void add_shared(_Atomic uint64_t *to, uint64_t count) {
    atomic_fetch_add_explicit(to, count, memory_order_relaxed);
}

void stats_add(stat s, uint64_t count) {
    if (own == NULL) {
        add_shared(&blocks[0].counts[s], count);
        return;
    }
    own_count_add(&own->counts[s], count);
}

COLD static void batch_shared(uint64_t completions) {
    add_shared(&blocks[0].counts[STAT_batches], 1);
    add_shared(&blocks[0].counts[STAT_ops_completed], completions);
}

void stats_add_batch(uint64_t completions) {
    stats_block *b = own;
    if (b == NULL) {
        batch_shared(completions);
        return;
    }
    own_count_add(&b->counts[STAT_batches], 1);
    own_count_add(&b->counts[STAT_ops_completed], completions);
}

void flow_add(uint32_t flow, flow_kind kind, uint64_t count) {
    if (own == NULL) {
        add_shared(&blocks[0].flows[flow + kind], count);
        return;
    }
    own_count_add(&own->flows[flow + kind], count);
}

COLD static void received_shared(uint32_t flow, uint64_t bytes) {
    add_shared(&blocks[0].counts[STAT_recv_calls], 1);
    add_shared(&blocks[0].flows[flow + FLOW_BYTES_IN], bytes);
}

void flow_received(uint32_t flow, uint64_t bytes) {
    stats_block *b = own;
    if (b == NULL) {
        received_shared(flow, bytes);
        return;
    }
    own_count_add(&b->counts[STAT_recv_calls], 1);
    own_count_add(&b->flows[flow + FLOW_BYTES_IN], bytes);
}

COLD static void sent_shared(uint32_t flow, uint64_t packets, uint64_t bytes) {
    add_shared(&blocks[0].counts[STAT_send_calls], 1);
    add_shared(&blocks[0].flows[flow + FLOW_PACKETS_OUT], packets);
    add_shared(&blocks[0].flows[flow + FLOW_BYTES_OUT], bytes);
}

void flow_sent(uint32_t flow, uint64_t packets, uint64_t bytes) {
    stats_block *b = own;
    if (b == NULL) {
        sent_shared(flow, packets, bytes);
        return;
    }
    own_count_add(&b->counts[STAT_send_calls], 1);
    own_count_add(&b->flows[flow + FLOW_PACKETS_OUT], packets);
    own_count_add(&b->flows[flow + FLOW_BYTES_OUT], bytes);
}

uint32_t flow_open(void) {
    uint32_t count = atomic_load(&flows);
    if (count == FLOWS_MAX) {
        return (FLOWS_MAX - 1) * FLOW_KINDS;
    }
    atomic_store(&flows, count + 1);
    return count * FLOW_KINDS;
}

void flows_reset(void) {
    uint32_t count = atomic_exchange(&flows, 0);
    for (uint32_t i = 0; i < STATS_BLOCKS; i++) {
        for (uint32_t k = 0; k < count * FLOW_KINDS; k++) {
            atomic_store(&blocks[i].flows[k], 0);
        }
    }
}

uint64_t flow_sum(uint32_t flow, flow_kind kind) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < STATS_BLOCKS; i++) {
        sum += atomic_load_explicit(&blocks[i].flows[flow + kind], memory_order_relaxed);
    }
    return sum;
}

static uint64_t flows_sum(flow_kind kind) {
    uint64_t sum = 0;
    uint32_t count = atomic_load_explicit(&flows, memory_order_relaxed);
    for (uint32_t i = 0; i < count; i++) {
        sum += flow_sum(i * FLOW_KINDS, kind);
    }
    return sum;
}

uint64_t stats_sum(stat s) {
    switch (s) {
    case STAT_received_packets: return flows_sum(FLOW_PACKETS_IN);
    case STAT_sent_packets: return flows_sum(FLOW_PACKETS_OUT);
    case STAT_received_bytes: return flows_sum(FLOW_BYTES_IN);
    case STAT_sent_bytes: return flows_sum(FLOW_BYTES_OUT);
    default: break;
    }
    uint64_t sum = 0;
    for (uint32_t i = 0; i < STATS_BLOCKS; i++) {
        sum += atomic_load_explicit(&blocks[i].counts[s], memory_order_relaxed);
    }
    return sum;
}

uint64_t stats_difference(stat more, stat less) {
    /* First: a count in between then makes the difference too large, not negative. */
    uint64_t gone = stats_sum(less);
    uint64_t come = stats_sum(more);
    return come > gone ? come - gone : 0;
}

const char *stats_name(stat s) {
    static const char *const names[STAT_COUNT] = {
#define STATS_NAME(name) #name,
        STATS_LIST(STATS_NAME)
#undef STATS_NAME
    };
    return names[s];
}

/* latency.c: see latency.h. */
#include "support/latency.h"

static uint32_t bucket_of(uint64_t us) {
    uint32_t power = 0;
    while (us >> power >= 2 * LATENCY_SUB && power < 30) {
        power++;
    }
    uint64_t bucket = power * LATENCY_SUB + (us >> power);
    return bucket < LATENCY_BUCKETS ? (uint32_t)bucket : LATENCY_BUCKETS - 1;
}

/* The most that is counted in it. */
static uint64_t bucket_us(uint32_t bucket) {
    uint32_t power = bucket < 2 * LATENCY_SUB ? 0 : bucket / LATENCY_SUB - 1;
    return ((uint64_t)(bucket - power * LATENCY_SUB + 1) << power) - 1;
}

void latency_add(latencies *l, uint64_t us) {
    atomic_fetch_add(&l->counts[bucket_of(us)], 1);
}

void latency_forget(latencies *l) {
    for (uint32_t i = 0; i < LATENCY_BUCKETS; i++) {
        atomic_store(&l->counts[i], 0);
    }
}

uint64_t latency_us(const latencies *l, double share) {
    uint64_t all = 0;
    uint64_t below = 0;
    for (uint32_t i = 0; i < LATENCY_BUCKETS; i++) {
        all += atomic_load(&l->counts[i]);
    }
    for (uint32_t i = 0; i < LATENCY_BUCKETS; i++) {
        below += atomic_load(&l->counts[i]);
        if (below > 0 && (double)below >= share * (double)all) {
            return bucket_us(i);
        }
    }
    return 0;
}

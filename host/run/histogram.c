/* histogram.c: see histogram.h. */
#include "run/histogram.h"

#include <string.h>

/* From 2^FIRST_POWER up there are PARTS buckets for each power of two; below, bounds are STEP
 * apart. */
enum {
    FIRST_POWER = 8,
    PARTS = 4,
    STEP = 1 << (FIRST_POWER - 2),
    LAST = HISTOGRAM_BUCKETS - 1,
    DOUBLE_BIAS = 1023
};

uint32_t histogram_bucket(uint64_t ns) {
    if (ns < 1 << FIRST_POWER) {
        return (uint32_t)(ns / STEP);
    }
    /* The exponent of an IEEE double and the first two bits of its fraction: which power of two,
     * and which part of it. */
    double value = (double)ns;
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    uint32_t bucket = (uint32_t)(bits >> 50) - PARTS * (DOUBLE_BIAS + FIRST_POWER - 1);
    return bucket < LAST ? bucket : LAST;
}

uint64_t histogram_bound_ns(uint32_t bucket) {
    if (bucket > LAST) {
        return UINT64_MAX;
    }
    if (bucket < PARTS) {
        return (uint64_t)bucket * STEP;
    }
    return (uint64_t)(PARTS + bucket % PARTS) << (bucket / PARTS - 1 + FIRST_POWER - 2);
}

uint64_t histogram_percentile_ns(const uint64_t counts[HISTOGRAM_BUCKETS], double share,
                                 uint64_t worst_ns) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        total += counts[i];
    }
    double rank = share * (double)total;
    uint64_t before = 0;
    uint32_t i = 0;
    while (i < LAST && (counts[i] == 0 || (double)(before + counts[i]) < rank)) {
        before += counts[i++];
    }
    if (counts[i] == 0) {
        return 0;
    }
    uint64_t from_ns = histogram_bound_ns(i);
    uint64_t to_ns = i < LAST ? histogram_bound_ns(i + 1) : worst_ns;
    to_ns = to_ns < worst_ns ? to_ns : worst_ns;
    if (to_ns <= from_ns) {
        return to_ns;
    }
    double within = (rank - (double)before) / (double)counts[i];
    return from_ns + (uint64_t)((double)(to_ns - from_ns) * (within < 1 ? within : 1));
}

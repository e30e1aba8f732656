/* latency.h: counts of latencies, for percentiles that are right to 3 %. Any thread. */
#ifndef TEST_LATENCY_H
#define TEST_LATENCY_H

#include <stdatomic.h>
#include <stdint.h>

/* 16 buckets for each power of two of microseconds. */
enum { LATENCY_SUB = 16, LATENCY_BUCKETS = 32 * LATENCY_SUB };

/* All bytes zero: none. */
typedef struct latencies {
    _Atomic uint64_t counts[LATENCY_BUCKETS];
} latencies;

void latency_add(latencies *l, uint64_t us);
void latency_forget(latencies *l);

/* The latency that this share of them did not exceed; 0.99: p99. 0 if there are none. */
uint64_t latency_us(const latencies *l, double share);

#endif

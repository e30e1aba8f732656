/* bucket.h: a rate with bursts, as one time. Pure.
 *
 * What is let in at a rate is due one after another, and `due_ns` is when the next one would be. A
 * burst lets `due_ns` be that far in the future; 0 and any time in the past: nothing is owed.
 */
#ifndef PORTICO_BUCKET_H
#define PORTICO_BUCKET_H

#include <stdint.h>

#define BUCKET_SECOND_NS 1000000000ull

/* How long `amount` takes at `rate` a second, which is not 0; at most a day. */
static inline uint64_t bucket_cost_ns(uint64_t amount, uint64_t rate) {
    const uint64_t most_s = 86400;
    uint64_t whole_s = amount / rate;
    return whole_s >= most_s ? most_s * BUCKET_SECOND_NS
                             : whole_s * BUCKET_SECOND_NS + amount % rate * BUCKET_SECOND_NS / rate;
}

/* Charges `cost_ns`. Returns by how much the burst is exceeded; 0: it is not. */
static inline uint64_t bucket_charge(uint64_t *due_ns, uint64_t now_ns, uint64_t cost_ns,
                                     uint64_t burst_ns) {
    *due_ns = (*due_ns < now_ns ? now_ns : *due_ns) + cost_ns;
    uint64_t owed_ns = *due_ns - now_ns;
    return owed_ns > burst_ns ? owed_ns - burst_ns : 0;
}

#endif

/* histogram.h: how often a duration fell between which bounds: four buckets for each power of two.
 *
 * Below 256 ns the bounds are 64 ns apart; above that a bucket is at most a quarter as wide as where it begins, so a
 * percentile is right to a quarter. The last bucket has all from 2^34 ns, 17 s, on. Pure, any thread.
 */
#ifndef PORTICO_HISTOGRAM_H
#define PORTICO_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 109 };

/* The bucket of a duration. */
uint32_t histogram_bucket(uint64_t ns);

/* The least duration of a bucket; of bucket HISTOGRAM_BUCKETS, UINT64_MAX. */
uint64_t histogram_bound_ns(uint32_t bucket);

/* The duration that `share` (0 to 1) of what was counted did not exceed, as if a bucket's were spread evenly in it; 0 when
 * there is none. Never above `worst_ns`, the longest that can be among them. */
uint64_t histogram_percentile_ns(const uint64_t counts[HISTOGRAM_BUCKETS], double share,
                                 uint64_t worst_ns);

#endif

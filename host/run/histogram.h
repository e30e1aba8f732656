/* histogram.h: counts of durations in buckets, four for each power of two.
 *
 * Below 256 ns the bounds are 64 ns apart. Above, a bucket is at most a quarter as wide as its
 * lower bound, so a percentile is accurate to a quarter. The last bucket has everything from
 * 2^34 ns, 17 s, up. Pure; any thread.
 */
#ifndef PORTICO_HISTOGRAM_H
#define PORTICO_HISTOGRAM_H

#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 109 };

/* The bucket of a duration. */
uint32_t histogram_bucket(uint64_t ns);

/* The lower bound of a bucket; of bucket HISTOGRAM_BUCKETS, UINT64_MAX. */
uint64_t histogram_bound_ns(uint32_t bucket);

/* The duration that a share (0 to 1) of the counts did not exceed, assuming that they are spread
 * evenly within a bucket; 0 when there are none. Never above `worst_ns`, the longest duration
 * counted. */
uint64_t histogram_percentile_ns(const uint64_t counts[HISTOGRAM_BUCKETS], double share,
                                 uint64_t worst_ns);

#endif

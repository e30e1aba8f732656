/* top_sample.h: one answer of the host to `top`, and what happened between two of them.
 *
 * The host answers with totals and keeps nothing for a client, so any number of clients can watch.
 * One owner, no lock.
 */
#ifndef PORTICO_TOP_SAMPLE_H
#define PORTICO_TOP_SAMPLE_H

#include "admin/depths.h"
#include "base/stats.h"
#include "run/meter.h"

enum { TOP_WORKERS_MAX = 256, TOP_VERSION_MAX = 32 };

typedef struct top_worker {
    uint64_t busy_ns;  /* processor time */
    uint64_t batch_ns; /* in batches */
} top_worker;

/* All bytes zero: an empty one. */
typedef struct top_sample {
    char version[TOP_VERSION_MAX];
    uint64_t now_ns;
    uint64_t uptime_s;
    uint64_t sessions;
    uint64_t rooms;
    uint64_t timers;
    uint64_t counts[STAT_COUNT];
    depth_view depths[DEPTH_COUNT];
    uint32_t worker_count;
    top_worker workers[TOP_WORKERS_MAX];
    uint32_t series_count;
    meter_series series[METER_SERIES_MAX + 1];
} top_sample;

/* Reads one line of the answer. Skips an unknown line, which comes from a newer host. */
void top_sample_line(top_sample *s, const char *line);

/* Turns `later` into what has happened since `earlier`. Totals become differences, and now_ns the
 * time in between. Series without calls are dropped, the others sorted by the time of their
 * handlers, longest first. Depths stay as they are; worst_ns becomes the bound of the worst bucket
 * if that is lower. */
void top_sample_since(top_sample *later, const top_sample *earlier);

/* Returns how many durations were counted. */
uint64_t top_calls(const meter_histogram *h);

#endif

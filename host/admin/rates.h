/* rates.h: what the counters and the workers did in the last second, for `ctl status`. */
#ifndef PORTICO_RATES_H
#define PORTICO_RATES_H

#include "base/stats.h"

#include <stdbool.h>

enum { RATES_WORKERS_MAX = 256 };

typedef struct rates {
    double per_second[STAT_COUNT];
    uint32_t workers;
    double worker_busy[RATES_WORKERS_MAX]; /* share of one processor, 0 to 1 */
} rates;

/* Takes a sample if the last one is a second old. Called by the sweep, one thread at a time. */
void rates_sample(void);

/* Writes the rates between the last two samples; all zero until there are two. [any thread] */
void rates_look(rates *view);

#endif

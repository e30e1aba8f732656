/* rates.h: what the counters and the workers did in the last second, for `ctl status`. */
#ifndef PORTICO_RATES_H
#define PORTICO_RATES_H

#include "base/stats.h"

#include <stdbool.h>

enum { RATES_WORKERS_MAX = 256 };

typedef struct rates {
    double per_second[STAT_COUNT];
    uint32_t workers;
    double worker_cpu[RATES_WORKERS_MAX]; /* share of one processor, 0 to 1 */
} rates;

/* Takes a sample when the last one is a second old. Called now and then, by one thread at a time: the sweep. */
void rates_sample(void);

/* The rates between the last two samples. False, and all is 0: there are no two yet. [any thread] */
bool rates_look(rates *view);

#endif

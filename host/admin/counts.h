/* counts.h: the counters and gauges that `ctl status` shows: the totals of the metrics, then the
 * host's own counters that are no metric. [admin thread] */
#ifndef PORTICO_COUNTS_H
#define PORTICO_COUNTS_H

#include "admin/rates.h"

#include <stdbool.h>

enum { COUNT_TEXT = 32 };

typedef struct count_view {
    const char *name;
    char value[COUNT_TEXT];
    bool grows;        /* a counter, not a gauge */
    bool has_rate;     /* so per_second is known */
    double per_second; /* over the last second */
} count_view;

/* Reads all of them. Returns the rates read with them, valid until the next call. */
const rates *counts_read(void);

/* Calls `each` for all, as they were read. */
void counts_each(void (*each)(void *arg, const count_view *c), void *arg);

#endif

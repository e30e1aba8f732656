/* totals.h: the figures of the table (metric_table.h) summed over their labels, for `ctl status`.
 *
 * A total has the metric's short name: the name without `portico_` or `process_`, and without the
 * suffix of its kind. A metric with a label `reason` or `result` has a total for each of its values
 * as well: `connections_refused{reason="max_sessions"}`. Left out is what has no sum: histograms,
 * infos, and gauges of seconds. [admin thread]
 */
#ifndef PORTICO_METRIC_TOTALS_H
#define PORTICO_METRIC_TOTALS_H

#include "metrics/metrics.h"

enum { METRIC_TOTAL_NAME = 96, METRIC_TOTALS_MAX = 96 };

typedef struct metric_total {
    char name[METRIC_TOTAL_NAME];
    metric_kind kind; /* METRIC_COUNTER or METRIC_GAUGE */
    double value;
} metric_total;

/* Reads them in the order of the table. Returns how many there are. */
uint32_t metrics_totals(metric_total totals[METRIC_TOTALS_MAX]);

#endif

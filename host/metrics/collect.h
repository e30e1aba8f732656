/* collect.h: what the functions that read metrics share. See metrics.h for threads. */
#ifndef PORTICO_METRICS_COLLECT_H
#define PORTICO_METRICS_COLLECT_H

#include "metrics/metric_table.h"
#include "metrics/metrics.h"
#include "run/durations.h"

typedef struct metric_out {
    const metric_sink *sink;
    const metric_row *row;
} metric_out;

/* The values of a sample's labels, in the row's order; NULL: it has no more. */
typedef struct metric_names {
    const char *values[METRIC_LABELS_MAX];
} metric_names;

#define METRIC_NAMES(...) (&(const metric_names){{__VA_ARGS__}})
#define METRIC_NO_NAMES (&(const metric_names){{0}})

/* Call before a walk: read once what several rows show. */
void collect_process_begin(void);
void collect_modules_begin(void);

/* One figure of the row. */
void metric_count(metric_out *to, const metric_names *names, uint64_t value);
void metric_real(metric_out *to, const metric_names *names, double value);
void metric_seconds(metric_out *to, const metric_names *names, uint64_t ns);

/* One histogram of the row. */
void metric_durations(metric_out *to, const metric_names *names, const durations_view *view);

#define METRIC_FUNCTION(name, kind, unit, labels, help) void collect_##name(metric_out *to);
METRICS_LIST(METRIC_FUNCTION)
#undef METRIC_FUNCTION

#endif

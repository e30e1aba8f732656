/* openmetrics.h: the metrics as text that Prometheus reads. [admin thread] */
#ifndef PORTICO_OPENMETRICS_H
#define PORTICO_OPENMETRICS_H

#include <stdbool.h>
#include <stddef.h>

#define OPENMETRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"
#define OPENMETRICS_OLD_TYPE "text/plain; version=0.0.4; charset=utf-8"

typedef void openmetrics_write(void *arg, const char *bytes, size_t size);

/* Writes all metrics in the format OpenMetrics 1.0, or with `old` in the text format of Prometheus,
 * which calls an info a gauge and has the suffix of a counter in its name. */
void openmetrics_text(bool old, openmetrics_write *write, void *arg);

/* Writes the samples alone, a line each without its end, for people. */
void openmetrics_lines(void (*line)(void *arg, const char *text), void *arg);

#endif

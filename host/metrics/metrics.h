/* metrics.h: the host's figures under names that stay, for everything that shows them.
 *
 * The counters live where the events are: base/stats.h, session/service_counts.h, run/turns.h. This
 * folder knows what they are called, reads them, and writes them as text. It is one folder of its
 * own above `loader`, since it reads from all below and `admin` is not its only reader to be: a
 * dashboard shows the same rows.
 *
 * Counters are kept per worker or are atomic, and are summed here. No lock is taken, so no handler
 * and no worker ever waits for a scrape (test: unit.metrics_locks). Nothing is read per session or
 * room, so a scrape takes as long with 10,000 sessions as with none (test:
 * integration.scrape_cost). [admin thread]
 */
#ifndef PORTICO_METRICS_H
#define PORTICO_METRICS_H

#include <stdint.h>

typedef enum metric_kind {
    METRIC_COUNTER,
    METRIC_GAUGE,
    METRIC_INFO,
    METRIC_HISTOGRAM
} metric_kind;

enum { METRIC_LABELS_MAX = 4, METRIC_LABEL_TEXT = 160, METRIC_NUMBER_TEXT = 32 };

typedef struct metric_row {
    const char *name; /* without the suffix of its kind */
    metric_kind kind;
    const char *unit;   /* "": none */
    const char *labels; /* separated by commas */
    const char *help;
} metric_row;

typedef struct metric_label {
    char name[32];
    char value[METRIC_LABEL_TEXT];
} metric_label;

/* One figure. */
typedef struct metric_sample {
    const char *suffix; /* "", "_total", "_info", "_bucket", "_sum" or "_count" */
    uint32_t label_count;
    metric_label labels[METRIC_LABELS_MAX];
    char value[METRIC_NUMBER_TEXT]; /* a number as JSON and OpenMetrics spell it */
} metric_sample;

/* Receives them: a row, then its samples. A row may have none. */
typedef struct metric_sink {
    void (*begin)(void *arg, const metric_row *row);
    void (*sample)(void *arg, const metric_row *row, const metric_sample *s);
    void *arg;
} metric_sink;

/* The process has begun. Once. [control thread] */
void metrics_start(void);

/* Reads all of them. */
void metrics_walk(const metric_sink *sink);

/* Somebody scrapes: what is not always measured is for two minutes from now. */
void metrics_scraped(void);

/* The word of the kind: "counter". */
const char *metric_kind_name(metric_kind kind);

#endif

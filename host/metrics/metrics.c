/* metrics.c: see metrics.h. */
#include "metrics/metrics.h"

#include "metrics/collect.h"
#include "os/os.h"
#include "run/turns.h"

#include <stddef.h>

enum { MEASURE_MS = 120000 }; /* longer than the pause between two scrapes */

static const metric_row rows[] = {
#define METRIC_ROW(name, kind, unit, labels, help) {#name, METRIC_##kind, unit, labels, help},
    METRICS_LIST(METRIC_ROW)
#undef METRIC_ROW
};

static void (*const collect[])(metric_out *to) = {
#define METRIC_COLLECT(name, kind, unit, labels, help) collect_##name,
    METRICS_LIST(METRIC_COLLECT)
#undef METRIC_COLLECT
};

void metrics_walk(const metric_sink *sink) {
    collect_process_begin();
    collect_modules_begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        metric_out to = {sink, &rows[i]};
        sink->begin(sink->arg, &rows[i]);
        collect[i](&to);
    }
}

void metrics_scraped(void) {
    turns_measure(os_monotonic_ms(), MEASURE_MS);
}

const char *metric_kind_name(metric_kind kind) {
    static const char *const names[] = {"counter", "gauge", "info", "histogram"};
    return names[kind];
}

/* top_report.c: see top_report.h. */
#include "admin/top_report.h"

#include "admin/depths.h"
#include "admin/figures.h"
#include "base/stats.h"
#include "os/os.h"
#include "room/room.h"
#include "run/meter.h"
#include "run/timer.h"
#include "run/worker.h"

#include <stdio.h>

/* ---- text ------------------------------------------------------------------------------------ */

/* Adds "handler SUM WORST BUCKET:COUNT ...", in as many lines as needed. */
static void line_histogram(lines *to, const char *name, const meter_histogram *h) {
    char text[512];
    size_t used = 0;
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        if (h->counts[i] != 0) {
            used += (size_t)snprintf(text + used, sizeof text - used, " %u:%llu", i,
                                     (unsigned long long)h->counts[i]);
        }
        bool last = i == HISTOGRAM_BUCKETS - 1;
        if (used > sizeof text - 32 || (last && used > 0)) {
            lines_add(to, "%s %llu %llu%s", name, (unsigned long long)h->sum_ns,
                      (unsigned long long)h->worst_ns, text);
            used = 0;
        }
    }
}

static void line_series(void *arg, const meter_series *series) {
    lines *to = arg;
    lines_add(to, "series %s %u %s", meter_kind_name(series->kind), series->number,
              series->type[0] != '\0' ? series->type : "-");
    line_histogram(to, "handler", &series->handler);
    line_histogram(to, "latency", &series->latency);
}

static void add_lines(lines *to) {
    for (int s = 0; s < STATS_SHOWN; s++) {
        lines_add(to, "count %s %llu", stats_name((stat)s), (unsigned long long)stats_sum((stat)s));
    }
    for (uint32_t i = 0; i < workers_count(); i++) {
        lines_add(to, "worker %u %llu %llu", i + 1, (unsigned long long)worker_batch_ns(i),
                  (unsigned long long)worker_busy_ns(i));
    }
    meter_each(line_series, to);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_histogram(json *j, const char *key, const meter_histogram *h) {
    json_begin(j, key, '{');
    json_number(j, "sum_ns", (int64_t)h->sum_ns);
    json_number(j, "worst_ns", (int64_t)h->worst_ns);
    json_begin(j, "counts", '{'); /* by the lower bound in ns */
    for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        char bound[24];
        if (h->counts[i] != 0) {
            snprintf(bound, sizeof bound, "%llu", (unsigned long long)histogram_bound_ns(i));
            json_number(j, bound, (int64_t)h->counts[i]);
        }
    }
    json_end(j, '}');
    json_end(j, '}');
}

static void json_series(void *arg, const meter_series *series) {
    json *j = arg;
    json_begin(j, NULL, '{');
    json_text(j, "kind", meter_kind_name(series->kind));
    json_number(j, "number", series->number);
    json_text(j, "type", series->type[0] != '\0' ? series->type : NULL);
    json_histogram(j, "handler", &series->handler);
    json_histogram(j, "latency", &series->latency);
    json_end(j, '}');
}

static void add_members(json *j) {
    json_begin(j, "counts", '{');
    for (int s = 0; s < STATS_SHOWN; s++) {
        json_number(j, stats_name((stat)s), (int64_t)stats_sum((stat)s));
    }
    json_end(j, '}');
    json_begin(j, "workers", '[');
    for (uint32_t i = 0; i < workers_count(); i++) {
        json_begin(j, NULL, '{');
        json_real(j, "worker_busy_seconds", (double)worker_busy_ns(i) / 1e9);
        json_real(j, "worker_batch_seconds", (double)worker_batch_ns(i) / 1e9);
        json_end(j, '}');
    }
    json_end(j, ']');
    json_begin(j, "series", '[');
    meter_each(json_series, j);
    json_end(j, ']');
}

void report_top(lines *to) {
    json *j = lines_object(to);
    if (j != NULL) {
        json_text(j, "version", PORTICO_VERSION);
    } else {
        lines_add(to, "version %s", PORTICO_VERSION);
    }
    figure_add_uptime(to);
    figure_add(to, "sessions", figure_sessions());
    figure_add(to, "rooms", rooms_count());
    figure_add(to, "timers", timers_count());
    depths_add(to);
    figure_add(to, "now_ns", os_monotonic_ns()); /* after the slow walk, before the counters */
    if (j != NULL) {
        add_members(j);
    } else {
        add_lines(to);
    }
}

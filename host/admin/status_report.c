/* status_report.c: see status_report.h. */
#include "admin/status_report.h"

#include "admin/depths.h"
#include "admin/rates.h"
#include "admin/visits.h"
#include "base/stats.h"
#include "module/blocking.h"
#include "module/fault_report.h"
#include "net/services.h"
#include "room/room.h"
#include "run/control.h"
#include "run/memory.h"
#include "run/meter.h"
#include "run/timer.h"
#include "run/watchdog.h"
#include "run/worker.h"

#include <stdio.h>

static uint64_t started_ms;

static uint64_t now_ms(void) {
    return os_monotonic_ms();
}

void report_start(void) {
    started_ms = now_ms();
}

static uint64_t uptime_s(void) {
    return (now_ms() - started_ms) / 1000;
}

static void add_figure(lines *to, const char *name, uint64_t value) {
    json *j = lines_object(to);
    if (j != NULL) {
        json_number(j, name, (int64_t)value);
    } else {
        lines_add(to, "%s %llu", name, (unsigned long long)value);
    }
}

/* How many there are now of what `more` counts when it comes and `less` when it goes. */
static uint64_t difference(stat more, stat less) {
    /* First: a count in between then makes the difference too large, not negative. */
    uint64_t gone = stats_sum(less);
    uint64_t come = stats_sum(more);
    return come > gone ? come - gone : 0;
}

const char *report_listener_state(listener_state state) {
    static const char *const names[] = {"waiting", "listening", "stopped"};
    return names[state];
}

static void add_service(void *arg, listener *l, connector *c) {
    lines *to = arg;
    if (l != NULL) {
        const service *s = listener_service(l);
        os_address address;
        char text[OS_ADDRESS_TEXT];
        listener_state state = listener_look(l, &address);
        os_address_format(&address, text);
        lines_add(to, "listener %s %s %s sessions %u/%u accepted %llu refused %llu%s",
                  s->config->name, text, report_listener_state(state), atomic_load(&s->sessions),
                  s->config->max_sessions, (unsigned long long)atomic_load(&s->made),
                  (unsigned long long)service_refused(&s->counts), s->tls != NULL ? " tls" : "");
    } else {
        const service *s = connector_service(c);
        connector_view view = connector_look(c);
        lines_add(to, "connector %s %s:%u %s %u/%u attempts %llu failures %llu%s", s->config->name,
                  s->config->address, s->config->port,
                  view.state == CONNECTOR_RUNNING ? "connected" : "waiting", view.connected,
                  s->config->max_sessions, (unsigned long long)view.attempts,
                  (unsigned long long)view.failures, s->tls != NULL ? " tls" : "");
    }
}

/* Adds the counters and their rates over the last second. */
static void add_counts(lines *to, const rates *r) {
    for (int s = 0; s < STAT_COUNT; s++) {
        if (s < STAT_ops_submitted) { /* the others are shown as differences */
            lines_add(to, "%s %llu %.1f/s", stats_name((stat)s),
                      (unsigned long long)stats_sum((stat)s), r->per_second[s]);
        }
    }
}

static void add_quota(void *arg, const char *name, quota *q) {
    static const struct {
        quota_kind kind;
        const char *name;
    } kinds[] = {{QUOTA_MEMORY, "memory_bytes"},
                 {QUOTA_ROOMS, "rooms"},
                 {QUOTA_TIMERS, "timers"},
                 {QUOTA_REQUESTS, "requests"}};
    char text[256];
    size_t used = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        quota_view seen = quota_look(q, kinds[i].kind);
        used += (size_t)snprintf(text + used, sizeof text - used, " %s %llu/%llu", kinds[i].name,
                                 (unsigned long long)seen.used, (unsigned long long)seen.limit);
    }
    lines_add(arg, "module %s%s", name, text);
}

static void add_workers(lines *to, const rates *r) {
    for (uint32_t i = 0; i < r->workers; i++) {
        lines_add(to, "worker %u cpu %.1f%%", i + 1, r->worker_cpu[i] * 100);
    }
}

static void add_depths(lines *to) {
    depth_view views[DEPTH_COUNT];
    depths_look(views);
    for (int i = 0; i < DEPTH_COUNT; i++) {
        const depth_view *v = &views[i];
        lines_add(to, "queue %s %llu most %llu %s", depth_name((depth)i),
                  (unsigned long long)v->sum, (unsigned long long)v->most,
                  v->name[0] != '\0' ? v->name : "-");
    }
}

static void add_admin(lines *to) {
    char address[OS_ADDRESS_TEXT] = "-";
    char what[CONTROL_WHAT_MAX];
    uint64_t for_ms = control_look(what);
    if (visits.address.family != OS_ADDRESS_NONE) {
        os_address_format(&visits.address, address);
    }
    lines_add(to,
              "admin %s local %u trusted %u unknown %u accepted %llu made_way %llu wrong_tokens "
              "%llu",
              address, visits.open[VISIT_LOCAL], visits.open[VISIT_TRUSTED],
              visits.open[VISIT_UNKNOWN], (unsigned long long)visits.accepted,
              (unsigned long long)visits.made_way, (unsigned long long)visits.wrong_tokens);
    lines_add(to, "control %s for %llu.%llu s", what[0] != '\0' ? what : "waits",
              (unsigned long long)for_ms / 1000, (unsigned long long)for_ms / 100 % 10);
}

void report_first_figures(lines *to) {
    add_figure(to, "uptime_s", uptime_s());
    add_figure(to, "workers", workers_count());
    add_figure(to, "sessions", difference(STAT_sessions_opened, STAT_sessions_closed));
}

void report_figures(lines *to) {
    os_usage usage;
    os_process_usage(&usage);
    add_figure(to, "ops_pending", difference(STAT_ops_submitted, STAT_ops_completed));
    add_figure(to, "buffer_bytes", memory_buffers());
    add_figure(to, "message_bytes", memory_messages());
    add_figure(to, "memory_limit_bytes", memory_limit());
    add_figure(to, "timers", timers_count());
    add_figure(to, "rooms", rooms_count());
    add_figure(to, "blocking_jobs", blocking_count());
    add_figure(to, "late_calls", watchdog_late());
    add_figure(to, "late_calls_total", watchdog_total());
    add_figure(to, "memory_bytes", usage.memory_bytes);
    add_figure(to, "cpu_ms", usage.cpu_ns / 1000000);
    add_figure(to, "handles", usage.handles);
}

void report_status(lines *to) {
    rates r;
    (void)rates_look(&r);
    lines_add(to, "version %s", PORTICO_VERSION);
    report_first_figures(to);
    add_counts(to, &r);
    report_figures(to);
    add_workers(to, &r);
    add_depths(to);
    services_each(add_service, to);
    quotas_each(add_quota, to);
    add_admin(to);
}

void report_memory(lines *to, bool trim) {
    os_usage usage;
    os_heap heap;
    if (trim) {
        os_memory_trim();
    }
    os_process_usage(&usage);
    os_heap_look(&heap);
    add_figure(to, "memory_bytes", usage.memory_bytes);
    add_figure(to, "allocated_bytes", heap.allocated_bytes);
    add_figure(to, "kept_bytes", heap.kept_bytes);
    add_figure(to, "buffer_bytes", memory_buffers());
    add_figure(to, "message_bytes", memory_messages());
}

/* Adds "handler SUM WORST BUCKET:COUNT ...", in as many lines as needed. */
static void add_histogram(lines *to, const char *name, const meter_histogram *h) {
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

static void add_series(void *arg, const meter_series *series) {
    lines *to = arg;
    lines_add(to, "series %s %u %s", meter_kind_name(series->kind), series->number,
              series->type[0] != '\0' ? series->type : "-");
    add_histogram(to, "handler", &series->handler);
    add_histogram(to, "latency", &series->latency);
}

void report_top_figures(lines *to) {
    add_figure(to, "uptime_s", uptime_s());
    add_figure(to, "sessions", difference(STAT_sessions_opened, STAT_sessions_closed));
    add_figure(to, "rooms", rooms_count());
    add_figure(to, "timers", timers_count());
}

void report_top(lines *to) {
    lines_add(to, "version %s", PORTICO_VERSION);
    report_top_figures(to);
    add_depths(to);
    add_figure(to, "now_ns", os_monotonic_ns()); /* after the slow walk, before the counters */
    for (int s = 0; s < STAT_COUNT; s++) {
        lines_add(to, "count %s %llu", stats_name((stat)s), (unsigned long long)stats_sum((stat)s));
    }
    for (uint32_t i = 0; i < workers_count(); i++) {
        lines_add(to, "worker %u %llu %llu", i + 1, (unsigned long long)worker_busy_ns(i),
                  (unsigned long long)worker_cpu_ns(i));
    }
    meter_each(add_series, to);
}

static void add_fault(void *arg, const char *line, const char *path) {
    lines_add(arg, "%s", line);
    if (path[0] != '\0') {
        lines_add(arg, "  %s", path);
    }
}

void report_faults(lines *to, uint32_t most) {
    if (faults_count(NULL) == 0) {
        lines_add(to, "no module has faulted since the start");
    }
    faults_each(most, add_fault, to);
}

/* status_report.c: see status_report.h. */
#include "admin/status_report.h"

#include "admin/counts.h"
#include "admin/depths.h"
#include "admin/figures.h"
#include "admin/rates.h"
#include "admin/visits.h"
#include "base/stats.h"
#include "module/blocking.h"
#include "module/fault_report.h"
#include "net/services.h"
#include "room/room.h"
#include "run/control.h"
#include "run/memory.h"
#include "run/timer.h"
#include "run/watchdog.h"
#include "run/worker.h"

#include <stdio.h>

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
        lines_add(to,
                  "listener %s %s %s sessions %u/%u connections_accepted %llu "
                  "connections_refused %llu%s",
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

static void add_count(void *arg, const count_view *c) {
    if (c->has_rate) {
        lines_add(arg, "%s %s %.1f/s", c->name, c->value, c->per_second);
    } else {
        lines_add(arg, "%s %s", c->name, c->value);
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
        lines_add(to, "worker %u busy %.1f%%", i + 1, r->worker_busy[i] * 100);
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
    figure_add_uptime(to);
    figure_add(to, "workers", workers_count());
}

void report_figures(lines *to) {
    figure_add(to, "ops_pending", figure_ops_pending());
    figure_add(to, "buffer_bytes", memory_buffers());
    figure_add(to, "message_bytes", memory_messages());
    figure_add(to, "memory_limit_bytes", memory_limit());
    figure_add(to, "timers", timers_count());
    figure_add(to, "blocking_jobs", blocking_count()); /* queued or busy */
    figure_add(to, "late_calls", watchdog_late());
    figure_add(to, "late_calls_total", watchdog_total());
}

void report_status(lines *to) {
    lines_add(to, "version %s", PORTICO_VERSION);
    report_first_figures(to);
    const rates *r = counts_read();
    counts_each(add_count, to);
    report_figures(to);
    add_workers(to, r);
    depths_add(to);
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
    figure_add(to, "resident_memory_bytes", usage.memory_bytes);
    figure_add(to, "allocated_bytes", heap.allocated_bytes);
    figure_add(to, "kept_bytes", heap.kept_bytes);
    figure_add(to, "buffer_bytes", memory_buffers());
    figure_add(to, "message_bytes", memory_messages());
}

static void add_fault(void *arg, const char *module_name, const char *line, const char *path) {
    (void)module_name; /* it is in the line */
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

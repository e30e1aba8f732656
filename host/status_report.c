/* status_report.c: see status_report.h. */
#include "status_report.h"

#include "blocking.h"
#include "label.h"
#include "services.h"
#include "session.h"
#include "stats.h"
#include "timer.h"
#include "watchdog.h"

static struct {
    const config *config;
    uint64_t started_ms;
} report;

static uint64_t now_ms(void) {
    return os_monotonic_ns() / 1000000;
}

void report_start(const config *c) {
    report.config = c;
    report.started_ms = now_ms();
}

static void add_figure(lines *to, const char *name, uint64_t value) {
    lines_add(to, "%s %llu", name, (unsigned long long)value);
}

static uint64_t difference(stat more, stat less) {
    uint64_t gone =
        stats_sum(less); /* first: what is counted meanwhile makes the difference too large, not negative */
    uint64_t come = stats_sum(more);
    return come > gone ? come - gone : 0;
}

static const char *listener_state_name(listener_state state) {
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
        lines_add(to, "listener %s %s %s sessions %u/%u accepted %llu refused %llu", s->config->name, text,
                  listener_state_name(state), atomic_load(&s->sessions), s->config->max_sessions,
                  (unsigned long long)atomic_load(&s->made), (unsigned long long)atomic_load(&s->refused));
    } else {
        const service *s = connector_service(c);
        connector_view view = connector_look(c);
        lines_add(to, "connector %s %s:%u %s %u/%u attempts %llu failures %llu", s->config->name,
                  s->config->address, s->config->port,
                  view.state == CONNECTOR_RUNNING ? "connected" : "waiting", view.connected,
                  s->config->max_sessions, (unsigned long long)view.attempts,
                  (unsigned long long)view.failures);
    }
}

void report_status(lines *to) {
    os_usage usage;
    os_process_usage(&usage);
    lines_add(to, "version %s", PORTICO_VERSION);
    add_figure(to, "uptime_s", (now_ms() - report.started_ms) / 1000);
    add_figure(to, "workers", report.config->workers);
    add_figure(to, "sessions", difference(STAT_sessions_opened, STAT_sessions_closed));
    for (int s = 0; s < STAT_COUNT; s++) {
        if (s != STAT_ops_submitted && s != STAT_ops_completed) {
            add_figure(to, stats_name((stat)s), stats_sum((stat)s));
        }
    }
    add_figure(to, "ops_pending", difference(STAT_ops_submitted, STAT_ops_completed));
    add_figure(to, "timers", timers_count());
    add_figure(to, "rooms", rooms_count());
    add_figure(to, "blocking_jobs", blocking_count());
    add_figure(to, "late_calls", watchdog_late());
    add_figure(to, "late_calls_total", watchdog_total());
    add_figure(to, "memory_bytes", usage.memory_bytes);
    add_figure(to, "cpu_ms", usage.cpu_ns / 1000000);
    add_figure(to, "handles", usage.handles);
    services_each(add_service, to);
}

static void add_session(void *arg, session *s) {
    char peer[OS_ADDRESS_TEXT];
    char label[PORTICO_LABEL_MAX];
    os_address_format(&s->peer, peer);
    label_get(s, label);
    lines_add(arg, "%llu %s %s %s %s %s %llu", (unsigned long long)s->base.id, s->service->type->name,
              s->service->config->name, peer, label[0] != '\0' ? label : "-", session_state_name(s->state),
              (unsigned long long)(now_ms() - s->opened_ms) / 1000);
}

void report_sessions(lines *to) {
    sessions_each(add_session, to);
}

static void add_module(void *arg, module *m) {
    lines_add(arg, "%s %s %s %s sessions %u", m->name, m->version, m->library != NULL ? "loaded" : "builtin",
              m->file != NULL ? m->file : "-", atomic_load(&m->sessions));
}

void report_modules(lines *to) {
    module_table_each(add_module, to);
}

/* status_json.c: see status_json.h. A figure has the name that it has in the text. */
#include "admin/status_json.h"

#include "admin/counts.h"
#include "admin/depths.h"
#include "admin/rates.h"
#include "admin/status_report.h"
#include "admin/visits.h"
#include "base/text.h"
#include "metrics/metrics.h"
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

static void figure(json *j, const char *key, uint64_t value) {
    json_number(j, key, (int64_t)value);
}

/* ---- status ---------------------------------------------------------------------------------- */

static void add_listener(void *arg, listener *l, connector *c) {
    json *j = arg;
    if (l == NULL) {
        (void)c;
        return;
    }
    const service *s = listener_service(l);
    os_address address;
    char text[OS_ADDRESS_TEXT];
    listener_state state = listener_look(l, &address);
    os_address_format(&address, text);
    json_begin(j, NULL, '{');
    json_text(j, "name", s->config->name);
    json_text(j, "address", text);
    json_text(j, "state", report_listener_state(state));
    figure(j, "sessions", atomic_load(&s->sessions));
    figure(j, "max_sessions", s->config->max_sessions);
    figure(j, "connections_accepted", atomic_load(&s->made));
    figure(j, "connections_refused", service_refused(&s->counts));
    json_bool(j, "tls", s->tls != NULL);
    json_end(j, '}');
}

static void add_connector(void *arg, listener *l, connector *c) {
    json *j = arg;
    if (c == NULL) {
        (void)l;
        return;
    }
    const service *s = connector_service(c);
    connector_view view = connector_look(c);
    json_begin(j, NULL, '{');
    json_text(j, "name", s->config->name);
    json_text(j, "address", s->config->address);
    figure(j, "port", s->config->port);
    json_bool(j, "running", view.state == CONNECTOR_RUNNING);
    figure(j, "connected", view.connected);
    figure(j, "max_sessions", s->config->max_sessions);
    figure(j, "attempts", view.attempts);
    figure(j, "failures", view.failures);
    json_bool(j, "tls", s->tls != NULL);
    json_end(j, '}');
}

static void add_limit(json *j, quota *q, quota_kind kind, const char *name) {
    quota_view seen = quota_look(q, kind);
    json_begin(j, name, '{');
    figure(j, "used", seen.used);
    figure(j, "limit", seen.limit);
    json_end(j, '}');
}

static void add_quota(void *arg, const char *name, quota *q) {
    json *j = arg;
    json_begin(j, NULL, '{');
    json_text(j, "module", name);
    add_limit(j, q, QUOTA_MEMORY, "memory_bytes");
    add_limit(j, q, QUOTA_ROOMS, "rooms");
    add_limit(j, q, QUOTA_TIMERS, "timers");
    add_limit(j, q, QUOTA_REQUESTS, "requests");
    json_end(j, '}');
}

static void add_gauge(void *arg, const count_view *c) {
    if (!c->grows) {
        json_figure(arg, c->name, c->value);
    }
}

static void add_counter(void *arg, const count_view *c) {
    if (c->grows) {
        json_figure(arg, c->name, c->value);
    }
}

static void add_rate(void *arg, const count_view *c) {
    if (c->has_rate) {
        json_real(arg, c->name, c->per_second);
    }
}

static void add_counts(json *j, const rates *r) {
    json_begin(j, "counts", '{');
    counts_each(add_counter, j);
    json_end(j, '}');
    json_begin(j, "per_second", '{');
    counts_each(add_rate, j);
    json_end(j, '}');
    json_begin(j, "worker_busy", '['); /* shares of one processor */
    for (uint32_t i = 0; i < r->workers; i++) {
        json_real(j, NULL, r->worker_busy[i]);
    }
    json_end(j, ']');
}

static void add_admin(json *j) {
    char what[CONTROL_WHAT_MAX];
    uint64_t for_ms = control_look(what);
    json_begin(j, "admin", '{');
    figure(j, "local", visits.open[VISIT_LOCAL]);
    figure(j, "trusted", visits.open[VISIT_TRUSTED]);
    figure(j, "unknown", visits.open[VISIT_UNKNOWN]);
    figure(j, "accepted", visits.accepted);
    figure(j, "made_way", visits.made_way);
    figure(j, "wrong_tokens", visits.wrong_tokens);
    json_end(j, '}');
    json_begin(j, "control", '{');
    json_text(j, "doing", what[0] != '\0' ? what : NULL);
    figure(j, "for_ms", for_ms);
    json_end(j, '}');
}

void json_status(lines *to) {
    json *j = lines_object(to);
    json_text(j, "version", PORTICO_VERSION);
    report_first_figures(to);
    const rates *r = counts_read();
    counts_each(add_gauge, j);
    report_figures(to);
    add_counts(j, r);
    depths_add(to);
    json_begin(j, "listeners", '[');
    services_each(add_listener, j);
    json_end(j, ']');
    json_begin(j, "connectors", '[');
    services_each(add_connector, j);
    json_end(j, ']');
    json_begin(j, "modules", '[');
    quotas_each(add_quota, j);
    json_end(j, ']');
    add_admin(j);
}

/* ---- the others ------------------------------------------------------------------------------ */

static void add_fault(void *arg, const char *module_name, const char *line, const char *path) {
    (void)module_name; /* it is in the line */
    json *j = arg;
    json_begin(j, NULL, '{');
    json_text(j, "text", line);
    json_text(j, "report", path[0] != '\0' ? path : NULL);
    json_text(j, "file", path[0] != '\0' ? text_file_name(path) : NULL); /* for `fault FILE` */
    json_end(j, '}');
}

void json_faults(json *j, uint32_t most) {
    json_begin(j, "faults", '[');
    faults_each(most, add_fault, j);
    json_end(j, ']');
}

/* ---- metrics --------------------------------------------------------------------------------- */

typedef struct metrics_writer {
    json *out;
    bool open; /* a metric has been begun */
} metrics_writer;

static void end_metric(metrics_writer *w) {
    if (w->open) {
        json_end(w->out, ']');
        json_end(w->out, '}');
    }
}

static void begin_metric(void *arg, const metric_row *row) {
    metrics_writer *w = arg;
    end_metric(w);
    w->open = true;
    json_begin(w->out, NULL, '{');
    json_text(w->out, "name", row->name);
    json_text(w->out, "type", metric_kind_name(row->kind));
    json_text(w->out, "unit", row->unit[0] != '\0' ? row->unit : NULL);
    json_text(w->out, "help", row->help);
    json_begin(w->out, "samples", '[');
}

static void add_sample(void *arg, const metric_row *row, const metric_sample *s) {
    json *j = ((metrics_writer *)arg)->out;
    char name[128];
    snprintf(name, sizeof name, "%s%s", row->name, s->suffix);
    json_begin(j, NULL, '{');
    json_text(j, "name", name);
    json_begin(j, "labels", '{');
    for (uint32_t i = 0; i < s->label_count; i++) {
        json_text(j, s->labels[i].name, s->labels[i].value);
    }
    json_end(j, '}');
    json_figure(j, "value", s->value);
    json_end(j, '}');
}

void json_metrics(json *j) {
    metrics_writer w = {.out = j};
    const metric_sink sink = {begin_metric, add_sample, &w};
    json_begin(j, "metrics", '[');
    metrics_walk(&sink);
    end_metric(&w);
    json_end(j, ']');
}

/* collect_services.c: the metrics of listeners and connectors. The label `listener` has the name of
 * a listener, or `connector:NAME`. */
#include "metrics/collect.h"

#include "base/stats.h"
#include "base/status.h"
#include "base/text.h"
#include "net/certificates.h"
#include "net/services.h"

#include <stdio.h>
#include <string.h>

enum { NAME_TEXT = METRIC_LABEL_TEXT, REASON_TEXT = 32 };

typedef struct visit {
    metric_out *to;
    void (*collect)(const struct visit *v, service *s, const char *name);
    flow_kind flow; /* of add_flow */
} visit;

static void visit_one(void *arg, listener *l, connector *c) {
    const visit *v = arg;
    service *s = l != NULL ? listener_service(l) : connector_service(c);
    char name[NAME_TEXT];
    snprintf(name, sizeof name, "%s%s", l != NULL ? "" : "connector:", s->config->name);
    v->collect(v, s, name);
}

static void each_service(metric_out *to,
                         void (*collect)(const visit *v, service *s, const char *name)) {
    services_each(visit_one, &(visit){.to = to, .collect = collect});
}

static uint64_t read(const _Atomic uint64_t *count) {
    return atomic_load_explicit(count, memory_order_relaxed);
}

static void add_sessions(const visit *v, service *s, const char *name) {
    metric_count(v->to, METRIC_NAMES(name), atomic_load(&s->sessions));
}

void collect_portico_sessions(metric_out *to) {
    each_service(to, add_sessions);
}

static void add_accepted(const visit *v, service *s, const char *name) {
    metric_count(v->to, METRIC_NAMES(name), read(&s->made));
}

void collect_portico_connections_accepted(metric_out *to) {
    each_service(to, add_accepted);
}

static void add_refused(const visit *v, service *s, const char *name) {
    for (int i = 0; i < REFUSAL_KINDS; i++) {
        metric_count(v->to, METRIC_NAMES(name, service_refusal_name((service_refusal)i)),
                     read(&s->counts.refused[i]));
    }
}

void collect_portico_connections_refused(metric_out *to) {
    each_service(to, add_refused);
}

/* PORTICO_E_KICKED as "kicked". */
static void reason_of(portico_status status, char reason[REASON_TEXT]) {
    static const char error[] = "PORTICO_E_";
    static const char all[] = "PORTICO_";
    const char *name = status_name(status);
    bool is_error = strncmp(name, error, sizeof error - 1) == 0;
    size_t i = 0;
    name += is_error ? sizeof error - 1 : sizeof all - 1;
    for (; i < REASON_TEXT - 1 && name[i] != '\0'; i++) {
        reason[i] = text_lower(name[i]);
    }
    reason[i] = '\0';
}

static void add_closed(const visit *v, service *s, const char *name) {
    for (int i = 0; i < SERVICE_STATUSES; i++) {
        uint64_t count = read(&s->counts.closed[i]);
        char reason[REASON_TEXT];
        if (count > 0) { /* most never occur */
            reason_of(-i, reason);
            metric_count(v->to, METRIC_NAMES(name, reason), count);
        }
    }
}

void collect_portico_connections_closed(metric_out *to) {
    each_service(to, add_closed);
}

static void add_flow(const visit *v, service *s, const char *name) {
    metric_count(v->to, METRIC_NAMES(name), flow_sum(s->flow, v->flow));
}

static void collect_flow(metric_out *to, flow_kind kind) {
    services_each(visit_one, &(visit){.to = to, .collect = add_flow, .flow = kind});
}

void collect_portico_received_bytes(metric_out *to) {
    collect_flow(to, FLOW_BYTES_IN);
}

void collect_portico_sent_bytes(metric_out *to) {
    collect_flow(to, FLOW_BYTES_OUT);
}

void collect_portico_received_packets(metric_out *to) {
    collect_flow(to, FLOW_PACKETS_IN);
}

void collect_portico_sent_packets(metric_out *to) {
    collect_flow(to, FLOW_PACKETS_OUT);
}

static void add_rejected(const visit *v, service *s, const char *name) {
    for (int i = 0; i < REJECTION_KINDS; i++) {
        metric_count(v->to, METRIC_NAMES(name, service_rejection_name((service_rejection)i)),
                     read(&s->counts.rejected[i]));
    }
}

void collect_portico_packets_rejected(metric_out *to) {
    each_service(to, add_rejected);
}

static void add_overflows(const visit *v, service *s, const char *name) {
    metric_count(v->to, METRIC_NAMES(name), read(&s->counts.send_overflows));
}

void collect_portico_send_overflows(metric_out *to) {
    each_service(to, add_overflows);
}

static void add_first_expiry(metric_out *to, tls_keeper *k, const char *name) {
    int64_t expires_ms = k != NULL ? tls_keeper_expires_ms(k) : 0;
    if (expires_ms != 0) {
        metric_real(to, METRIC_NAMES(name), (double)expires_ms / 1000);
    }
}

static void add_expiry(const visit *v, service *s, const char *name) {
    add_first_expiry(v->to, s->tls, name);
}

void collect_portico_certificate_expiry_seconds(metric_out *to) {
    each_service(to, add_expiry);
    add_first_expiry(to, certificates_of_admin(), "admin:http");
}

/* limit_report.c: see limit_report.h. */
#include "admin/limit_report.h"

#include "net/services.h"
#include "run/quota.h"

#include <stdio.h>

/* A limit that was hit. */
typedef struct hit {
    const char *name;  /* the key, or what was refused */
    const char *kind;  /* "listener", "connector" or "module" */
    const char *where; /* its name */
    uint64_t limit;    /* 0: no number, or not one that is the same for all */
    uint64_t hits;
    uint64_t last_ms; /* by os_monotonic_ms() */
} hit;

static void add_hit(lines *to, const hit *h) {
    json *j = lines_object(to);
    uint64_t now_ms = os_monotonic_ms();
    uint64_t last_s = now_ms > h->last_ms ? (now_ms - h->last_ms) / 1000 : 0;
    char limit[32] = "-";
    if (h->hits == 0) {
        return;
    }
    if (j == NULL) {
        if (h->limit != 0) {
            snprintf(limit, sizeof limit, "%llu", (unsigned long long)h->limit);
        }
        lines_add(to, "%s %s %s limit %s hits_total %llu last_s %llu", h->name, h->kind, h->where,
                  limit, (unsigned long long)h->hits, (unsigned long long)last_s);
        return;
    }
    json_begin(j, NULL, '{');
    json_text(j, "name", h->name);
    json_text(j, "kind", h->kind);
    json_text(j, "where", h->where);
    if (h->limit != 0) {
        json_number(j, "limit", (int64_t)h->limit);
    } else {
        json_text(j, "limit", NULL);
    }
    json_number(j, "hits_total", (int64_t)h->hits);
    json_number(j, "last_s", (int64_t)last_s);
    json_end(j, '}');
}

/* ---- listeners and connectors ---------------------------------------------------------------- */

static uint64_t limit_of_refusal(const config_service *c, int reason) {
    switch (reason) {
    case REFUSAL_connect_rate: return c->connect_rate;
    case REFUSAL_max_sessions: return c->max_sessions;
    case REFUSAL_max_per_address: return c->max_per_address;
    default: return 0;
    }
}

static uint64_t limit_of_rate(const config_service *c, int rate) {
    switch (rate) {
    case RATE_packets_per_second: return c->packets_per_second;
    case RATE_byte_rate: return c->byte_rate;
    default: return c->fanout_rate;
    }
}

static void add_service(void *arg, listener *l, connector *c) {
    const service *s = l != NULL ? listener_service(l) : connector_service(c);
    const service_counts *n = &s->counts;
    hit h = {.kind = l != NULL ? "listener" : "connector", .where = s->config->name};
    for (int i = 0; i < REFUSAL_KINDS; i++) {
        h.name = service_refusal_name((service_refusal)i);
        h.limit = limit_of_refusal(s->config, i);
        h.hits = atomic_load(&n->refused[i]);
        h.last_ms = atomic_load(&n->refused_ms[i]);
        add_hit(arg, &h);
    }
    for (int i = 0; i < RATE_KINDS; i++) {
        h.name = service_rate_name((service_rate)i);
        h.limit = limit_of_rate(s->config, i);
        h.hits = atomic_load(&n->over_rate[i]);
        h.last_ms = atomic_load(&n->over_rate_ms[i]);
        add_hit(arg, &h);
    }
    h.name = "send_limit_bytes";
    h.limit = s->config->send_limit_bytes;
    h.hits = atomic_load(&n->send_overflows);
    h.last_ms = atomic_load(&n->send_overflow_ms);
    add_hit(arg, &h);
}

/* ---- modules --------------------------------------------------------------------------------- */

/* The limit on the number of what was refused. That on its bytes may have been hit instead. */
static uint64_t limit_of_quota(const quota *q, refusal what) {
    switch (what) {
    case REFUSED_ROOMS: return quota_look(q, QUOTA_ROOMS).limit;
    case REFUSED_TIMERS: return quota_look(q, QUOTA_TIMERS).limit;
    case REFUSED_REQUESTS: return quota_look(q, QUOTA_REQUESTS).limit;
    default: return 0;
    }
}

static void add_quota(void *arg, const char *name, quota *q) {
    for (int i = 0; i < REFUSALS; i++) {
        refusal_view view = quota_refusals(q, (refusal)i);
        const hit h = {.name = view.name,
                       .kind = "module",
                       .where = name,
                       .limit = q != NULL ? limit_of_quota(q, (refusal)i) : 0,
                       .hits = view.count,
                       .last_ms = view.last_ms};
        add_hit(arg, &h);
    }
}

void report_limits(lines *to) {
    lines_list(to, "limits");
    services_each(add_service, to);
    quotas_each(add_quota, to);
    add_quota(to, "(threads of modules)", NULL);
    lines_list_end(to);
    lines_end(to, PORTICO_OK, "");
}

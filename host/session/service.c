/* service.c: see service.h. */
#include "session/service.h"

#include "base/bucket.h"
#include "base/stats.h"
#include "run/memory.h"
#include "run/worker.h"

#include <stdlib.h>
#include <string.h>

/* How many sessions a source has; kept only if max_per_address limits it. */
typedef struct service_address {
    source from; /* the key */
    uint32_t sessions;
    UT_hash_handle hh;
} service_address;

void service_init(service *s, const config_service *settings, session_type *type, os_port *port,
                  const struct handshake_layer *const *handshake) {
    memset(s, 0, sizeof *s);
    s->config = settings;
    s->type = type;
    s->port = port;
    s->flow = flow_open();
    if (settings->framing < FRAME_KINDS) {
        s->frame_extra_bytes = frame_extra_bytes(settings->framing);
        s->payload_below = settings->frame_limit_bytes - s->frame_extra_bytes + 1;
    } else if (settings->framing == FRAME_WEBSOCKET) {
        uint32_t most = settings->frame_limit_bytes - FRAME_WEBSOCKET_SMALL_EXTRA;
        s->frame_extra_bytes = FRAME_WEBSOCKET_SMALL_EXTRA;
        s->payload_below = most < FRAME_WEBSOCKET_SMALL ? most + 1 : FRAME_WEBSOCKET_SMALL;
    }
    s->rates_packets = settings->packets_per_second != 0 || settings->fanout_rate != 0;
    s->handshake = handshake;
    s->looks_at_bytes = settings->byte_rate != 0 || s->handshake != NULL;
}

void service_fini(service *s) {
    service_address *a = NULL;
    service_address *next = NULL;
    HASH_ITER(hh, s->addresses, a, next) {
        HASH_DEL(s->addresses, a);
        free(a);
    }
    sources_destroy(s->rates);
}

static service_address *address_find(service *s, const source *from) {
    service_address *a = NULL;
    HASH_FIND(hh, s->addresses, from, sizeof *from, a);
    return a;
}

static service_address *address_add(service *s, const source *from) {
    service_address *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return NULL;
    }
    a->from = *from;
    HASH_ADD(hh, s->addresses, from, sizeof a->from, a);
    if (a->hh.tbl == NULL) {
        free(a);
        return NULL;
    }
    return a;
}

/* Counts a connection that is turned away, and says why. */
static void refuse(service *s, service_refusal reason, const char **why) {
    static const char *const words[] = {
        [REFUSAL_memory_limit_bytes] = "[host] memory_limit_bytes",
        [REFUSAL_connect_rate] = "connect_rate",
        [REFUSAL_max_sessions] = "max_sessions",
        [REFUSAL_max_per_address] = "max_per_address",
        [REFUSAL_proxy_from] = "proxy_from",
        [REFUSAL_no_memory] = "out of memory",
    };
    service_count_refused(&s->counts, reason, worker_now_ms());
    *why = words[reason];
}

static bool address_admit_locked(service *s, const source *from, const char **why) {
    service_address *a = address_find(s, from);
    if (a == NULL) {
        a = address_add(s, from);
    }
    if (a == NULL) {
        refuse(s, REFUSAL_no_memory, why);
        return false;
    }
    if (a->sessions >= s->config->max_per_address) {
        refuse(s, REFUSAL_max_per_address, why);
        return false;
    }
    a->sessions++;
    return true;
}

static bool address_admit(service *s, const source *from, const char **why) {
    if (s->config->max_per_address == 0) {
        return true;
    }
    os_mutex_lock(&s->lock);
    bool admitted = address_admit_locked(s, from, why);
    os_mutex_unlock(&s->lock);
    return admitted;
}

static void address_leave(service *s, const os_address *peer) {
    if (s->config->max_per_address == 0) {
        return;
    }
    const source from = source_of(peer, s->config->ipv6_prefix);
    os_mutex_lock(&s->lock);
    service_address *a = address_find(s, &from);
    if (a != NULL && --a->sessions == 0) {
        HASH_DEL(s->addresses, a);
        free(a);
    }
    os_mutex_unlock(&s->lock);
}

/* Counts a connection towards connect_rate, whatever becomes of it afterwards. */
static bool rate_admit(service *s, const source *from) {
    if (s->rates == NULL) {
        return true;
    }
    uint64_t cost_ns = bucket_cost_ns(1, s->config->connect_rate);
    uint64_t now_ns = worker_now_ms() * 1000000;
    os_mutex_lock(&s->lock);
    bool admitted =
        sources_admit(s->rates, from, now_ns, cost_ns, s->config->connect_burst * cost_ns);
    os_mutex_unlock(&s->lock);
    return admitted;
}

static bool rates_admit(service *s, const source *from, const char **why) {
    if (rate_admit(s, from)) {
        return true;
    }
    refuse(s, REFUSAL_connect_rate, why);
    return false;
}

portico_status service_admit(service *s, const os_address *peer, const char **why) {
    source from;
    if (memory_is_full()) {
        refuse(s, REFUSAL_memory_limit_bytes, why);
        return PORTICO_E_LIMIT;
    }
    if (peer != NULL) {
        from = source_of(peer, s->config->ipv6_prefix);
        if (!rates_admit(s, &from, why)) {
            return PORTICO_E_LIMIT;
        }
    }
    /* Counted first and uncounted on refusal, so that two workers cannot both take the last
     * place. */
    if (atomic_fetch_add(&s->sessions, 1) >= s->config->max_sessions) {
        refuse(s, REFUSAL_max_sessions, why);
        goto uncount;
    }
    if (peer != NULL && !address_admit(s, &from, why)) {
        goto uncount;
    }
    atomic_fetch_add(&s->type->sessions, 1);
    atomic_fetch_add(&s->made, 1);
    stats_add(STAT_connections_accepted, 1);
    return PORTICO_OK;

uncount:
    atomic_fetch_sub(&s->sessions, 1);
    return PORTICO_E_LIMIT;
}

portico_status service_admit_address(service *s, const os_address *peer, const char **why) {
    const source from = source_of(peer, s->config->ipv6_prefix);
    bool admitted = rates_admit(s, &from, why) && address_admit(s, &from, why);
    return admitted ? PORTICO_OK : PORTICO_E_LIMIT;
}

void service_leave(service *s, const os_address *peer, bool connected, uint64_t lived_ms,
                   portico_status reason) {
    if (peer != NULL) {
        address_leave(s, peer);
    }
    service_count_closed(&s->counts, reason);
    stats_add(STAT_connections_closed, 1);
    if (connected) {
        atomic_fetch_sub(&s->connected, 1);
    }
    atomic_fetch_sub(&s->type->sessions, 1);
    atomic_fetch_sub(&s->sessions, 1);
    if (s->on_session_freed != NULL) {
        s->on_session_freed(s, connected, lived_ms, reason);
    }
}

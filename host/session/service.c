/* service.c: see service.h. */
#include "session/service.h"

#include "base/stats.h"
#include "run/memory.h"

#include <stdlib.h>
#include <string.h>

/* How many sessions an address has; kept only if max_per_address limits it. */
typedef struct service_address {
    uint8_t bytes[16]; /* the key */
    uint32_t sessions;
    UT_hash_handle hh;
} service_address;

void service_init(service *s, const config_service *settings, session_type *type, os_port *port) {
    memset(s, 0, sizeof *s);
    s->config = settings;
    s->type = type;
    s->port = port;
    s->frame_extra_bytes = frame_extra_bytes(settings->framing);
    s->payload_most_bytes = settings->frame_limit_bytes - s->frame_extra_bytes;
}

void service_fini(service *s) {
    service_address *a = NULL;
    service_address *next = NULL;
    HASH_ITER(hh, s->addresses, a, next) {
        HASH_DEL(s->addresses, a);
        free(a);
    }
}

static service_address *address_find(service *s, const os_address *peer) {
    service_address *a = NULL;
    HASH_FIND(hh, s->addresses, peer->bytes, sizeof peer->bytes, a);
    return a;
}

static service_address *address_add(service *s, const os_address *peer) {
    service_address *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return NULL;
    }
    memcpy(a->bytes, peer->bytes, sizeof a->bytes);
    HASH_ADD(hh, s->addresses, bytes, sizeof a->bytes, a);
    if (a->hh.tbl == NULL) {
        free(a);
        return NULL;
    }
    return a;
}

static bool address_admit_locked(service *s, const os_address *peer, const char **why) {
    service_address *a = address_find(s, peer);
    if (a == NULL) {
        a = address_add(s, peer);
    }
    if (a == NULL) {
        *why = "out of memory";
        return false;
    }
    if (a->sessions >= s->config->max_per_address) {
        *why = "max_per_address";
        return false;
    }
    a->sessions++;
    return true;
}

static bool address_admit(service *s, const os_address *peer, const char **why) {
    if (s->config->max_per_address == 0) {
        return true;
    }
    os_mutex_lock(&s->lock);
    bool admitted = address_admit_locked(s, peer, why);
    os_mutex_unlock(&s->lock);
    return admitted;
}

static void address_leave(service *s, const os_address *peer) {
    if (s->config->max_per_address == 0) {
        return;
    }
    os_mutex_lock(&s->lock);
    service_address *a = address_find(s, peer);
    if (a != NULL && --a->sessions == 0) {
        HASH_DEL(s->addresses, a);
        free(a);
    }
    os_mutex_unlock(&s->lock);
}

portico_status service_admit(service *s, const os_address *peer, const char **why) {
    if (!s->config->spared && memory_is_full()) {
        *why = "[host] memory_limit_bytes";
        stats_add(STAT_memory_refused, 1);
        atomic_fetch_add(&s->refused, 1);
        return PORTICO_E_LIMIT;
    }
    /* Counted first and uncounted on refusal, so that two workers cannot both take the last
     * place. */
    if (atomic_fetch_add(&s->sessions, 1) >= s->config->max_sessions) {
        *why = "max_sessions";
        goto uncount;
    }
    if (!address_admit(s, peer, why)) {
        goto uncount;
    }
    atomic_fetch_add(&s->type->sessions, 1);
    atomic_fetch_add(&s->made, 1);
    return PORTICO_OK;

uncount:
    atomic_fetch_sub(&s->sessions, 1);
    atomic_fetch_add(&s->refused, 1);
    return PORTICO_E_LIMIT;
}

void service_leave(service *s, const os_address *peer, bool connected, uint64_t lived_ms,
                   portico_status reason) {
    address_leave(s, peer);
    if (connected) {
        atomic_fetch_sub(&s->connected, 1);
    }
    atomic_fetch_sub(&s->type->sessions, 1);
    atomic_fetch_sub(&s->sessions, 1);
    if (s->on_session_freed != NULL) {
        s->on_session_freed(s, connected, lived_ms, reason);
    }
}

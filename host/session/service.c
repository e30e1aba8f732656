/* service.c: see service.h. */
#include "session/service.h"

#include <stdlib.h>
#include <string.h>

/* How many sessions an address has: kept only where max_per_address limits it. */
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
}

void service_fini(service *s) {
    service_address *a = NULL;
    service_address *next = NULL;
    HASH_ITER(hh, s->addresses, a, next) {
        HASH_DEL(s->addresses, a);
        free(a);
    }
}

static portico_status address_admit(service *s, const os_address *peer, const char **why) {
    service_address *a = NULL;
    HASH_FIND(hh, s->addresses, peer->bytes, sizeof peer->bytes, a);
    if (a == NULL) {
        a = calloc(1, sizeof *a);
        if (a == NULL) {
            *why = "out of memory";
            return PORTICO_E_LIMIT;
        }
        memcpy(a->bytes, peer->bytes, sizeof a->bytes);
        HASH_ADD(hh, s->addresses, bytes, sizeof a->bytes, a);
        if (a->hh.tbl == NULL) {
            free(a);
            *why = "out of memory";
            return PORTICO_E_LIMIT;
        }
    }
    if (a->sessions >= s->config->max_per_address) {
        *why = "max_per_address";
        return PORTICO_E_LIMIT;
    }
    a->sessions++;
    return PORTICO_OK;
}

portico_status service_admit(service *s, const os_address *peer, const char **why) {
    portico_status status = PORTICO_OK;
    /* Counted first and taken back, so that two workers cannot both take the last place. */
    if (atomic_fetch_add(&s->sessions, 1) >= s->config->max_sessions) {
        *why = "max_sessions";
        status = PORTICO_E_LIMIT;
    } else if (s->config->max_per_address > 0) {
        os_mutex_lock(&s->lock);
        status = address_admit(s, peer, why);
        os_mutex_unlock(&s->lock);
    }
    if (status != PORTICO_OK) {
        atomic_fetch_sub(&s->sessions, 1);
        atomic_fetch_add(&s->refused, 1);
        return status;
    }
    atomic_fetch_add(&s->type->sessions, 1);
    atomic_fetch_add(&s->made, 1);
    return PORTICO_OK;
}

void service_leave(service *s, const os_address *peer, bool connected, uint64_t lived_ms,
                   portico_status reason) {
    if (s->config->max_per_address > 0) {
        os_mutex_lock(&s->lock);
        service_address *a = NULL;
        HASH_FIND(hh, s->addresses, peer->bytes, sizeof peer->bytes, a);
        if (a != NULL && --a->sessions == 0) {
            HASH_DEL(s->addresses, a);
            free(a);
        }
        os_mutex_unlock(&s->lock);
    }
    if (connected) {
        atomic_fetch_sub(&s->connected, 1);
    }
    atomic_fetch_sub(&s->type->sessions, 1);
    atomic_fetch_sub(&s->sessions, 1);
    if (s->on_session_freed != NULL) {
        s->on_session_freed(s, connected, lived_ms, reason);
    }
}

/* connector.c: see connector.h. */
#include "net/connector.h"

#include "base/invariant.h"
#include "base/status.h"
#include "net/resolver.h"
#include "os/compiler.h"
#include "run/timer.h"
#include "session/handshake.h"
#include "session/session.h"

#include <stdlib.h>

struct connector {
    service service; /* first: on_session_freed receives a pointer to it */
    os_mutex lock;   /* guards the rest */
    connector_state state;
    bool waiting;      /* for the timer, its op, or the lookup */
    bool failing;      /* from a failure until a round without one */
    bool round_failed; /* in this round */
    uint32_t pause_ms;
    uint64_t attempts;
    uint64_t failures;
    os_address to;
    os_address local;
    timer retry;
    lookup *lookup; /* of the name, while the resolver looks; else NULL */
};

static void connector_wait_locked(connector *c, uint32_t delay_ms) {
    if (c->state == CONNECTOR_RUNNING && !c->waiting) {
        c->waiting = true;
        timer_set(&c->retry, delay_ms);
    }
}

/* After a failure there is one attempt per round, and rounds are c->pause_ms apart. Each round
 * that fails doubles the pause; a round without a failure ends this. */
static void connector_failed_locked(connector *c, portico_status status) {
    const config_service *settings = c->service.config;
    c->failures++;
    if (!c->failing && c->state == CONNECTOR_RUNNING) {
        log_warn(settings->name, "cannot keep a connection to %s port %u: %s; still trying",
                 settings->address, settings->port, status_text(status));
    }
    c->failing = true;
    c->round_failed = true;
    connector_wait_locked(c, c->pause_ms);
}

static void connector_recovered_locked(connector *c) {
    c->failing = false;
    c->pause_ms = c->service.config->reconnect_min_ms;
}

static void connector_next_round_locked(connector *c) {
    uint32_t max_ms = c->service.config->reconnect_max_ms;
    if (c->round_failed) {
        c->pause_ms = c->pause_ms < max_ms / 2 ? c->pause_ms * 2 : max_ms;
    } else {
        connector_recovered_locked(c);
    }
    c->round_failed = false;
}

/* Counts the next connection. False: none is wanted, or none may be made now: then the next round
 * tries again, since no session may be left whose end would ask for one. */
static bool connector_admit_locked(connector *c) {
    const char *why = NULL;
    if (c->state != CONNECTOR_RUNNING) {
        return false;
    }
    portico_status status = service_admit(&c->service, &c->to, &why);
    if (status == PORTICO_OK) {
        c->attempts++;
    } else if (atomic_load(&c->service.sessions) < c->service.config->max_sessions) {
        connector_failed_locked(c, status);
    }
    return status == PORTICO_OK;
}

/* Makes one connection. If more are missing, the next follows: at once, unless one failed. */
static void connector_connect(connector *c) {
    os_mutex_lock(&c->lock);
    connector_next_round_locked(c);
    bool missing = connector_admit_locked(c);
    os_address to = c->to; /* a lookup may change it at any time */
    os_mutex_unlock(&c->lock);
    if (!missing) {
        return;
    }
    const os_address *local = c->local.family != OS_ADDRESS_NONE ? &c->local : NULL;
    if (session_connect(&c->service, &to, local) != PORTICO_OK) {
        service_leave(&c->service, &to, false, 0, PORTICO_E_NO_MEMORY);
        return;
    }
    os_mutex_lock(&c->lock);
    if (atomic_load(&c->service.sessions) < c->service.config->max_sessions) {
        connector_wait_locked(c, c->failing ? c->pause_ms : 0);
    }
    os_mutex_unlock(&c->lock);
}

/* No address was found: this failed attempt is a round. */
static void connector_unresolved_locked(connector *c, portico_status status) {
    c->waiting = false;
    connector_next_round_locked(c);
    connector_failed_locked(c, status);
}

/* [the resolver's thread] */
static void connector_on_answer(void *arg, portico_status status, const os_address *address) {
    connector *c = arg;
    os_mutex_lock(&c->lock);
    c->lookup = NULL;
    if (status != PORTICO_OK) {
        connector_unresolved_locked(c, status);
    } else {
        c->waiting = false;
        c->to = *address;
    }
    os_mutex_unlock(&c->lock);
    if (status == PORTICO_OK) {
        connector_connect(c);
    }
}

/* Resolves the name before each connect, since its address may change. */
static void connector_resolve(connector *c) {
    const config_service *settings = c->service.config;
    os_mutex_lock(&c->lock);
    if (c->state == CONNECTOR_RUNNING) {
        c->lookup = resolver_ask(settings->address, settings->port, connector_on_answer, c);
    }
    if (c->lookup == NULL) {
        connector_unresolved_locked(c, PORTICO_E_NO_MEMORY);
    }
    os_mutex_unlock(&c->lock);
}

static void connector_on_retry(const os_completion *completion) {
    connector *c = container_of(completion->op, connector, retry);
    os_address numeric;
    if (os_address_parse(c->service.config->address, 1, &numeric) != PORTICO_OK) {
        connector_resolve(c);
        return;
    }
    os_mutex_lock(&c->lock);
    c->waiting = false;
    os_mutex_unlock(&c->lock);
    connector_connect(c);
}

/* Replaces a session that has ended or never connected. One that lived for less than the pause
 * counts as a failure, so that a peer that accepts connections and drops them is not hammered.
 * [any thread] */
static void connector_on_session_freed(service *s, bool connected, uint64_t lived_ms,
                                       portico_status reason) {
    connector *c = (connector *)s;
    os_mutex_lock(&c->lock);
    if (connected && lived_ms >= c->pause_ms) {
        connector_recovered_locked(c);
        connector_wait_locked(c, c->pause_ms);
    } else {
        connector_failed_locked(c, reason);
    }
    os_mutex_unlock(&c->lock);
}

connector *connector_create(const config_service *settings, session_type *type, os_port *port) {
    connector *c = calloc(1, sizeof *c);
    if (c == NULL || timer_init(&c->retry, connector_on_retry) != PORTICO_OK) {
        free(c);
        return NULL;
    }
    service_init(&c->service, settings, type, port, handshake_of(settings));
    c->service.on_session_freed = connector_on_session_freed;
    return c;
}

void connector_start(connector *c) {
    const config_service *settings = c->service.config;
    os_mutex_lock(&c->lock);
    if (c->state == CONNECTOR_WAITING) {
        /* A name is resolved before each connect. */
        (void)os_address_parse(settings->address, settings->port, &c->to);
        if (settings->bind_address != NULL) {
            (void)os_address_parse(settings->bind_address, 0,
                                   &c->local); /* config_load has checked it */
        }
        c->state = CONNECTOR_RUNNING;
        c->pause_ms = settings->reconnect_min_ms;
        connector_wait_locked(c, 0);
    }
    os_mutex_unlock(&c->lock);
}

void connector_stop(connector *c, connector_state to) {
    os_mutex_lock(&c->lock);
    c->state = c->state == CONNECTOR_STOPPED ? CONNECTOR_STOPPED : to;
    if (c->waiting && timer_cancel(&c->retry)) {
        c->waiting = false;
    } else if (c->lookup != NULL && resolver_cancel(c->lookup)) {
        c->lookup = NULL;
        c->waiting = false;
    }
    os_mutex_unlock(&c->lock);
}

bool connector_idle(connector *c) {
    os_mutex_lock(&c->lock);
    bool idle = !c->waiting && atomic_load(&c->service.sessions) == 0;
    os_mutex_unlock(&c->lock);
    return idle;
}

void connector_destroy(connector *c) {
    INVARIANT(!c->waiting);
    timer_fini(&c->retry);
    service_fini(&c->service);
    free(c);
}

service *connector_service(connector *c) {
    return &c->service;
}

connector_view connector_look(connector *c) {
    os_mutex_lock(&c->lock);
    connector_view view = {.attempts = c->attempts, .failures = c->failures, .state = c->state};
    os_mutex_unlock(&c->lock);
    view.connected = atomic_load(&c->service.connected);
    return view;
}

/* listener.c: see listener.h.
 *
 * A listener keeps `accepts` accepts in flight, one per slot. However an accept ends, its slot
 * submits it again: at once, or after a pause when the system is out of handles or keeps failing.
 */
#include "net/listener.h"

#include "base/invariant.h"
#include "base/log_pause.h"
#include "base/networks.h"
#include "base/stats.h"
#include "base/status.h"
#include "base/system_text.h"
#include "os/compiler.h"
#include "run/timer.h"
#include "session/handshake.h"
#include "session/session.h"
#include "web/files.h"

#include <stdlib.h>

/* The pause that lets the system recover, and how many failures in a row call for one. */
enum { PAUSE_MS = 100, FAILURES_BEFORE_PAUSE = 16, TELL_AGAIN_MS = 60000 };

/* The pauses between attempts to open: each is twice as long as the one before. */
enum { REOPEN_MIN_MS = 250, REOPEN_MAX_MS = 30000 };

typedef struct accept_slot {
    os_accept_op accept; /* first: a completion's op is cast to the slot */
    listener *owner;
    bool armed;
} accept_slot;

struct listener {
    service service;
    os_mutex lock;
    listener_state state;
    os_socket *socket;
    os_address address;
    accept_slot *slots;
    networks *balancers;    /* of proxy_from; NULL: no PROXY header is read */
    uint32_t armed;         /* slots in flight */
    uint32_t failures;      /* in a row */
    log_pause failure_told; /* of what the log says of failures */
    log_pause limit_told;
    log_pause stranger_told;
    uint32_t reopen_ms; /* the pause before the next attempt to open; 0: none is wanted */
    uint64_t reopen_at_ms;
    bool pausing; /* the timer is set, or its op is pending */
    timer pause;
};

static void slots_arm_locked(listener *l);

/* Sets the pause after which all idle slots are armed again. */
static void listener_pause_locked(listener *l) {
    if (!l->pausing) {
        l->pausing = true;
        timer_set(&l->pause, PAUSE_MS);
    }
}

static void listener_on_pause(const os_completion *completion) {
    listener *l = container_of(completion->op, listener, pause);
    os_mutex_lock(&l->lock);
    l->pausing = false;
    slots_arm_locked(l);
    os_mutex_unlock(&l->lock);
}

/* A fault that fails one accept fails the next thousand as well. */
static bool tell_now(log_pause *told) {
    return log_pause_over(told, worker_now_ms(), TELL_AGAIN_MS);
}

static void listener_failed_locked(listener *l, portico_status status, int32_t system_error) {
    stats_add(STAT_accept_failures, 1);
    l->failures++;
    if (tell_now(&l->failure_told)) {
        log_warn(l->service.config->name, "accepting fails: %s (%s); still trying",
                 status_text(status), system_text(system_error));
    }
}

static void slot_arm_locked(accept_slot *slot) {
    listener *l = slot->owner;
    if (l->state != LISTENER_LISTENING || slot->armed) {
        return;
    }
    portico_status status = os_accept(l->socket, &slot->accept);
    if (status != PORTICO_OK) {
        listener_failed_locked(l, status, os_error());
        listener_pause_locked(l);
        return;
    }
    slot->armed = true;
    l->armed++;
    stats_add(STAT_ops_submitted, 1);
}

static void slots_arm_locked(listener *l) {
    for (uint32_t i = 0; i < l->service.config->accepts; i++) {
        slot_arm_locked(&l->slots[i]);
    }
}

/* A PROXY header of just anybody is not believed. */
COLD static void listener_refuse_stranger_locked(listener *l, const os_address *peer) {
    char text[OS_ADDRESS_TEXT];
    service_count_refused(&l->service.counts, REFUSAL_proxy_from, worker_now_ms());
    if (tell_now(&l->stranger_told)) {
        os_address_format(peer, text);
        log_warn(l->service.config->name,
                 "refused a connection of %s, which proxy_from does not list; further refusals are "
                 "only counted",
                 text);
    }
}

/* Whether the connection may become a session, which is then counted. The accept's completion
 * holds the same lock, so that listener_idle always sees one of the two. */
static bool listener_admit_locked(listener *l, const os_address *peer) {
    const char *why = NULL;
    const os_address *counts_for = service_counts_for(&l->service, peer);
    if (counts_for == NULL && !networks_contain(l->balancers, peer)) {
        listener_refuse_stranger_locked(l, peer);
        return false;
    }
    if (service_admit(&l->service, counts_for, &why) == PORTICO_OK) {
        return true;
    }
    if (tell_now(&l->limit_told)) {
        log_warn(l->service.config->name,
                 "refused a connection: %s is reached; further refusals are only counted", why);
    }
    return false;
}

static void listener_take(listener *l, os_socket *socket, const os_address *peer) {
    if (os_socket_configure(socket, &l->service.config->socket) != PORTICO_OK) {
        log_debug(l->service.config->name, "the system refused a socket option (%s)",
                  system_text(os_error()));
    }
    session_accept(&l->service, socket, peer);
}

/* An accept has ended: once per accepted os_accept. [worker] */
static void listener_on_accept(const os_completion *completion) {
    accept_slot *slot = (accept_slot *)completion->op;
    listener *l = slot->owner;
    os_socket *socket = NULL;
    os_address peer = slot->accept.peer;
    os_mutex_lock(&l->lock);
    slot->armed = false;
    l->armed--;
    if (completion->status == PORTICO_OK) {
        socket = slot->accept.socket;
        l->failures = 0;
    } else if (completion->status != PORTICO_E_CANCELLED) {
        listener_failed_locked(l, completion->status, completion->system_error);
    }
    if (completion->status == PORTICO_E_NO_HANDLES || l->failures >= FAILURES_BEFORE_PAUSE) {
        listener_pause_locked(l);
    } else {
        slot_arm_locked(slot); /* also after a cancel: the listener may have been opened again */
    }
    bool listening = l->state == LISTENER_LISTENING;
    bool admitted = socket != NULL && listening && listener_admit_locked(l, &peer);
    os_mutex_unlock(&l->lock);
    if (admitted) {
        listener_take(l, socket, &peer);
    } else if (socket != NULL) {
        os_close(socket, !listening); /* over a limit: close in order, without a reset */
    }
}

listener *listener_create(const config_service *settings, session_type *type, os_port *port) {
    listener *l = calloc(1, sizeof *l);
    accept_slot *slots = calloc(settings->accepts, sizeof *slots);
    sources *rates = settings->connect_rate != 0 ? sources_create() : NULL;
    files *pages = settings->files != NULL ? files_create(settings->files) : NULL;
    networks *balancers =
        settings->proxy_from != NULL ? networks_create(settings->proxy_from) : NULL;
    bool rated = rates != NULL || settings->connect_rate == 0;
    bool paged = pages != NULL || settings->files == NULL;
    bool limited = balancers != NULL || settings->proxy_from == NULL;
    if (l == NULL || slots == NULL || !rated || !paged || !limited ||
        timer_init(&l->pause, listener_on_pause) != PORTICO_OK) {
        free(l);
        free(slots);
        sources_destroy(rates);
        files_release(pages);
        networks_destroy(balancers);
        return NULL;
    }
    service_init(&l->service, settings, type, port, handshake_of(settings));
    l->service.rates = rates;
    l->service.files = pages;
    l->slots = slots;
    l->balancers = balancers;
    for (uint32_t i = 0; i < settings->accepts; i++) {
        slots[i].owner = l;
        slots[i].accept.op.done = listener_on_accept;
    }
    return l;
}

static portico_status listener_listen_locked(listener *l) {
    const config_service *c = l->service.config;
    os_address at;
    portico_status status = os_address_parse(c->address, c->port, &at);
    if (status != PORTICO_OK) {
        return status;
    }
    if (l->address.port != 0) {
        at = l->address; /* opened again: keep the port that 0 became, which clients know */
    }
    status = os_listen(l->service.port, &at, &c->listen, &l->socket);
    if (status != PORTICO_OK) {
        return status;
    }
    status = os_socket_address(l->socket, &at);
    if (status != PORTICO_OK) { /* then nobody would know the port that 0 became */
        os_close(l->socket, false);
        l->socket = NULL;
        return status;
    }
    l->state = LISTENER_LISTENING;
    l->address = at;
    slots_arm_locked(l);
    return PORTICO_OK;
}

/* Sets the time of the next attempt. Returns whether it is the first. */
static bool listener_try_again_locked(listener *l) {
    bool first = l->reopen_ms == 0;
    l->reopen_ms = first                              ? REOPEN_MIN_MS
                   : l->reopen_ms > REOPEN_MAX_MS / 2 ? REOPEN_MAX_MS
                                                      : 2 * l->reopen_ms;
    l->reopen_at_ms = os_monotonic_ms() + l->reopen_ms;
    return first;
}

portico_status listener_open(listener *l, bool keep_trying) {
    const config_service *c = l->service.config;
    char text[OS_ADDRESS_TEXT];
    bool first = true;
    os_mutex_lock(&l->lock);
    if (l->state != LISTENER_WAITING) {
        os_mutex_unlock(&l->lock);
        return PORTICO_OK;
    }
    portico_status status = listener_listen_locked(l);
    int32_t system_error = os_error();
    if (status == PORTICO_OK || !keep_trying) {
        l->reopen_ms = 0;
    } else {
        first = listener_try_again_locked(l);
    }
    uint32_t pause_ms = l->reopen_ms;
    os_address_format(&l->address, text);
    os_mutex_unlock(&l->lock);
    if (status == PORTICO_OK) {
        log_info(c->name, "listening on %s for %s over %s", text, l->service.type->name,
                 frame_name(c->framing));
        if (c->files != NULL) {
            log_info(c->name, "its page is http%s://%s/", c->tls.on ? "s" : "", text);
        }
    } else if (first) {
        log_error(c->name, "cannot listen on %s port %u: %s (%s)%s", c->address, c->port,
                  status_text(status), system_text(system_error),
                  keep_trying ? "; retrying until it can" : "");
    } else {
        log_debug(c->name, "still cannot listen: %s; retrying in %u ms", status_text(status),
                  pause_ms);
    }
    return status;
}

bool listener_reopen_due(listener *l, uint64_t now_ms) {
    os_mutex_lock(&l->lock);
    bool due = l->state == LISTENER_WAITING && l->reopen_ms != 0 && now_ms >= l->reopen_at_ms;
    os_mutex_unlock(&l->lock);
    return due;
}

void listener_close(listener *l, listener_state to) {
    os_mutex_lock(&l->lock);
    if (l->state == LISTENER_LISTENING) {
        os_close(l->socket, false);
        l->socket = NULL;
    }
    l->state = l->state == LISTENER_STOPPED ? LISTENER_STOPPED : to;
    l->reopen_ms = 0;
    if (l->pausing && timer_cancel(&l->pause)) {
        l->pausing = false;
    }
    os_mutex_unlock(&l->lock);
}

bool listener_idle(listener *l) {
    os_mutex_lock(&l->lock);
    bool idle = l->armed == 0 && !l->pausing && atomic_load(&l->service.sessions) == 0;
    os_mutex_unlock(&l->lock);
    return idle;
}

void listener_destroy(listener *l) {
    INVARIANT(l->armed == 0 && !l->pausing);
    timer_fini(&l->pause);
    service_fini(&l->service);
    files_release(l->service.files);
    networks_destroy(l->balancers);
    free(l->slots);
    free(l);
}

service *listener_service(listener *l) {
    return &l->service;
}

listener_state listener_look(listener *l, os_address *address) {
    os_mutex_lock(&l->lock);
    listener_state state = l->state;
    *address = l->address;
    os_mutex_unlock(&l->lock);
    return state;
}

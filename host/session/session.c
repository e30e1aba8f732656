/* session.c: a session's states and holds, how it closes, and the work left for its turn.
 * See session.h.
 */
#include "session/private.h"

#include "base/invariant.h"
#include "base/stats.h"
#include "base/status.h"
#include "os/compiler.h"
#include "session/websocket.h"

#include <stdlib.h>
#include <string.h>

#define CAN(state) (1u << SESSION_##state)

/* The states that may follow each state. */
static const uint32_t next_states[SESSION_STATES] = {
    [SESSION_CONNECTING] = CAN(HANDSHAKE) | CAN(OPENING) | CAN(CLOSED),
    [SESSION_HANDSHAKE] = CAN(OPENING) | CAN(DRAINING) | CAN(CLOSED),
    [SESSION_OPENING] = CAN(OPEN) | CAN(DRAINING) | CAN(CLOSED),
    [SESSION_OPEN] = CAN(DRAINING) | CAN(CLOSED),
    [SESSION_DRAINING] = CAN(CLOSED),
    [SESSION_CLOSED] = 0,
};

void session_set_state_locked(session *s, session_state to) {
    INVARIANT((next_states[s->state] & 1u << to) != 0);
    s->state = to;
}

void session_may_open_locked(session *s) {
    session_set_state_locked(s, SESSION_OPENING);
    s->connected = true;
    atomic_fetch_add(&s->service->connected, 1);
    entity_sweep_soon(&s->base);
}

void session_hold(session *s) {
    entity_hold(&s->base);
}

void session_release_locked(session *s) {
    entity_release_not_last(&s->base);
}

void session_free(entity *e) {
    session *s = (session *)e;
    INVARIANT(s->state == SESSION_CLOSED && s->attachments == NULL && s->queue.flying == NULL);
    INVARIANT(s->inbox == NULL && s->home == NULL && s->target == NULL);
    block_give(s->in);
    flow_add(s->service->flow, FLOW_PACKETS_OUT, s->packets_out);
    service *from = s->service;
    os_address peer = s->peer;
    bool counts = s->address_counted || service_counts_for(from, &peer) != NULL;
    bool connected = s->connected;
    portico_status reason = s->reason;
    uint64_t opened_ms = s->opened_ms;
    if (s->websocket != NULL) {
        shared_release(s->websocket->page);
        block_give(s->websocket->aside);
    }
    free(s->websocket);
    if (s->seal != NULL) {
        s->seal->free(s->secure);
    }
    free(s);
    service_leave(from, counts ? &peer : NULL, connected, worker_now_ms() - opened_ms, reason);
}

session *session_find(uint64_t id) {
    return (session *)entity_find_kind(id, ENTITY_SESSION);
}

void session_release(session *s) {
    entity_release(&s->base);
}

typedef struct session_visit {
    void (*each)(void *arg, session *s);
    void *arg;
} session_visit;

static void visit_session(void *arg, entity *e) {
    const session_visit *visit = arg;
    visit->each(visit->arg, (session *)e);
}

void sessions_each(void (*each)(void *arg, session *s), void *arg) {
    session_visit visit = {.each = each, .arg = arg};
    entity_each(ENTITY_SESSION, visit_session, &visit);
}

bool session_queue_turn_locked(session *s) {
    if (s->home != NULL) {
        s->turn_queued = true;
        strand_push(room_strand(s->home), &s->room_work);
        return true;
    }
    bool posted = os_port_post(s->service->port, &s->turn_op) == PORTICO_OK;
    if (posted) {
        stats_add(STAT_ops_submitted, 1);
    }
    return posted;
}

void session_pend_locked(session *s, uint32_t bits) {
    atomic_store_explicit(&s->pending, s->pending | bits, memory_order_relaxed);
}

void session_request_turn_locked(session *s, uint32_t bits) {
    session_pend_locked(s, bits);
    if (s->turn_taken) {
        return;
    }
    session_hold(s);
    s->turn_taken = true;
    session_pass_turn_locked(s);
}

void session_pass_turn_locked(session *s) {
    if (!session_queue_turn_locked(s)) {
        entity_sweep_soon(&s->base); /* which tries again */
        s->turn_taken = false;
        session_release_locked(s);
    }
}

/* A session that arrives at a frozen module. False: more may not wait there. */
static bool session_may_arrive(session *s, module *m) {
    if (s->arrives_at != NULL) {
        return true;
    }
    s->arrives_at = m;
    return atomic_fetch_add(&m->arrivals, 1) < m->arrivals_max || !gate_is_frozen(&m->gate);
}

void session_arrived(session *s) {
    if (s->arrives_at != NULL) {
        atomic_fetch_sub(&s->arrives_at->arrivals, 1);
        s->arrives_at = NULL;
    }
}

void session_park(session *s, uint32_t bits) {
    module *m = s->parks_at;
    s->parks_at = NULL;
    bool refused = (bits & TURN_OPEN) != 0 && !session_may_arrive(s, m);
    if (refused) {
        log_debug(s->service->config->name,
                  "session %llu is refused: %s is frozen, and frozen_backlog sessions wait for it",
                  (unsigned long long)s->base.id, m->name);
    }
    os_mutex_lock(&s->lock);
    if (refused) {
        session_close_locked(s, PORTICO_E_LIMIT);
    }
    session_pend_locked(s, bits);
    s->parked_ms = s->parked_ms != 0 ? s->parked_ms : worker_now_ms();
    s->parked_at = m;
    /* A session that closes needs nothing but on_close of the modules that have opened it. */
    bool needed = s->state < SESSION_DRAINING || bits == TURN_CLOSE;
    s->parked = gate_parks(&m->gate) && needed;
    if (!s->parked) {
        session_pass_turn_locked(s);
    }
    if (s->parked && s->transport != NULL) {
        entity_sweep_soon(&s->base); /* which reads ahead */
    }
    os_mutex_unlock(&s->lock);
}

static void session_revive_locked(session *s) {
    if (s->parked) {
        s->parked = false;
        session_pass_turn_locked(s);
    }
}

void session_begin_limits_locked(session *s, uint64_t now_ms) {
    atomic_store_explicit(&s->last_packet_ms, now_ms, memory_order_relaxed);
    if (s->frame_since_ms != 0) {
        atomic_store_explicit(&s->frame_since_ms, now_ms, memory_order_relaxed);
    }
    if (s->transport != NULL) {
        s->transport->waits(s, now_ms);
    }
}

void session_revive(session *s, const module *at) {
    os_mutex_lock(&s->lock);
    bool revives = s->parked && s->parked_at == at;
    if (revives) {
        session_begin_limits_locked(s, worker_now_ms());
        session_revive_locked(s);
    }
    os_mutex_unlock(&s->lock);
}

/* The frozen module that the session waits for, and since when; NULL: for none. */
static const module *waits_for_locked(session *s, uint64_t now_ms, uint64_t *since_ms) {
    const module *m = s->parked ? s->parked_at : NULL;
    *since_ms = s->parked_ms;
    if (!s->parked) {
        m = s->turn_taken && s->home != NULL ? room_waits_for(s->home) : NULL;
        s->room_waits_ms = m == NULL ? 0 : s->room_waits_ms != 0 ? s->room_waits_ms : now_ms;
        *since_ms = s->room_waits_ms;
    }
    return m != NULL && gate_is_frozen(&m->gate) ? m : NULL;
}

bool session_expire_frozen(session *s, uint64_t now_ms, uint64_t limit_ms) {
    uint64_t since_ms = 0;
    os_mutex_lock(&s->lock);
    bool expires = s->state < SESSION_DRAINING && waits_for_locked(s, now_ms, &since_ms) != NULL &&
                   now_ms >= since_ms + limit_ms;
    if (expires) {
        session_close_locked(s, PORTICO_E_FAULT);
    }
    os_mutex_unlock(&s->lock);
    return expires;
}

uint32_t session_next_work_locked(session *s, uint32_t bits) {
    uint32_t next = atomic_load_explicit(&s->pending, memory_order_relaxed) | bits;
    uint32_t rest = 0;
    if ((next & (TURN_OPEN | TURN_MOVE)) != 0) {
        /* Everything but closing waits until the session is open, and then for its new place. */
        uint32_t first = (next & TURN_OPEN) != 0 ? TURN_OPEN : TURN_MOVE;
        rest = next & ~(first | TURN_CLOSE);
        next &= first | TURN_CLOSE;
    }
    atomic_store_explicit(&s->pending, rest, memory_order_relaxed);
    s->turn_taken = next != 0;
    return next;
}

uint32_t session_claim_turn_locked(session *s, uint32_t bits) {
    if (s->turn_taken || s->home != NULL) {
        session_request_turn_locked(s, bits);
        return 0;
    }
    return session_next_work_locked(s, bits);
}

NOINLINE void session_count_queue_locked(session *s) {
    uint32_t now = s->state != SESSION_CLOSED ? s->queue.queued_bytes : 0;
    stats_add(STAT_send_queue_bytes, (uint64_t)now - s->counted_bytes);
    s->counted_bytes = now;
}

void session_close_socket_locked(session *s, bool reset) {
    session_set_state_locked(s, SESSION_CLOSED);
    sendq_drop(&s->queue);
    session_count_queue_locked(s);
    if (s->socket != NULL) {
        os_close(s->socket, reset);
        s->socket = NULL;
    }
    session_release_locked(s);
}

void session_drained_locked(session *s) {
    if (s->state != SESSION_DRAINING || s->queue.queued_bytes > 0) {
        return;
    }
    if (s->seal != NULL && !s->seal->finish(s)) {
        return; /* its last words are on their way */
    }
    if (s->peer_ended) {
        session_close_socket_locked(s, false);
    } else {
        /* Closing now would answer bytes that are still on their way from the peer with a reset,
         * which can destroy what was sent to it. So only this side shuts down: the peer reads to
         * the end, then hangs up. */
        os_shutdown(s->socket);
    }
}

void session_close_locked(session *s, portico_status reason) {
    if (s->state == SESSION_CONNECTING) {
        session_abort_locked(s, reason);
    }
    if (s->state >= SESSION_DRAINING) {
        return;
    }
    if (s->transport != NULL) {
        s->transport->closes(s, reason);
        if (s->state == SESSION_CLOSED) {
            return; /* the connection broke when it sent */
        }
    }
    session_set_state_locked(s, SESSION_DRAINING);
    s->reason = reason;
    s->deadline_ms = worker_now_ms() + s->service->config->close_timeout_ms;
    entity_sweep_soon(&s->base);
    /* A slowed session reads again: to see the end of the stream. */
    session_request_turn_locked(s, s->slow_until_ms == 0 ? TURN_CLOSE : TURN_CLOSE | TURN_DATA);
    s->slow_until_ms = 0;
    session_revive_locked(s);
    session_drained_locked(s);
}

void session_abort_locked(session *s, portico_status reason) {
    if (s->state == SESSION_CLOSED) {
        return;
    }
    if (s->state != SESSION_DRAINING) {
        s->reason = reason;
        session_request_turn_locked(s, TURN_CLOSE);
        session_revive_locked(s);
    }
    session_close_socket_locked(s, true);
}

void session_ended_locked(session *s) {
    s->peer_ended = true;
    if (s->state == SESSION_DRAINING) {
        session_drained_locked(s);
    } else {
        session_close_locked(s, PORTICO_E_EOF);
    }
}

bool session_close(session *s, portico_status reason) {
    os_mutex_lock(&s->lock);
    bool closes = s->state < SESSION_DRAINING;
    session_close_locked(s, reason);
    os_mutex_unlock(&s->lock);
    return closes;
}

void session_abort(session *s, portico_status reason) {
    os_mutex_lock(&s->lock);
    session_abort_locked(s, reason);
    os_mutex_unlock(&s->lock);
}

void session_sync(session *s) {
    os_mutex_lock(&s->lock);
    session_request_turn_locked(s, TURN_SYNC);
    session_revive_locked(s); /* it parks again, perhaps without a module that leaves */
    os_mutex_unlock(&s->lock);
}

uint64_t session_room_locked(const session *s) {
    return s->home != NULL && s->target == s->home ? room_entity(s->home)->id : 0;
}

session_view session_look(session *s) {
    os_mutex_lock(&s->lock);
    session_view view = {.state = s->state,
                         .peer = s->peer,
                         .queued_bytes = s->queue.queued_bytes,
                         .messages = s->inbox_count,
                         .memory_bytes = (uint64_t)s->queue.memory_bytes +
                                         atomic_load(&s->grown_bytes) +
                                         atomic_load(&s->waiting.bytes),
                         .room = session_room_locked(s)};
    os_mutex_unlock(&s->lock);
    return view;
}

const char *session_state_name(session_state state) {
    static const char *const names[SESSION_STATES] = {"connecting", "handshake", "opening",
                                                      "open",       "draining",  "closed"};
    return names[state];
}

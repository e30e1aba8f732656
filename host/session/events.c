/* events.c: how a session begins, and the completions that drive it. See session.h. */
#include "session/private.h"

#include "base/stats.h"
#include "base/system_text.h"
#include "os/compiler.h"
#include "session/handshake.h"

#include <stdlib.h>

/* ---- what a recv brought -------------------------------------------------------------------- */

/* A recv-ready has completed: fetches the bytes that have arrived and returns how many. 0: a recv
 * is in flight instead, or the session is closed. */
static uint32_t session_fetch_ready_locked(session *s) {
    if (s->in == NULL) {
        s->in = block_take(BLOCK_BYTES);
    }
    if (s->in == NULL) {
        session_abort_locked(s, PORTICO_E_NO_MEMORY);
        return 0;
    }
    uint8_t *to = s->in->bytes + s->in_used;
    uint32_t space = s->in->capacity - s->in_used;
    uint32_t bytes = os_recv_now(s->socket, to, space);
    if (bytes == 0 && session_recv_locked(s, to, space)) {
        session_hold(s);
    }
    return bytes;
}

NOINLINE uint32_t session_look_locked(session *s, uint32_t bytes) {
    if (s->service->config->byte_rate != 0) {
        session_charge_bytes_locked(s, bytes);
    }
    if (s->state == SESSION_HANDSHAKE) {
        return TURN_TRANSPORT;
    }
    if (s->transport != NULL && bytes > 0) {
        s->transport->received(s, s->in->bytes, &s->in_used, bytes);
    }
    return TURN_DATA;
}

static inline uint32_t take_received_locked(session *s, uint32_t bytes) {
    uint32_t bits = TURN_DATA;
    s->in_used += bytes;
    if (s->service->looks_at_bytes) {
        bits = session_look_locked(s, bytes);
    }
    s->received_ns = worker_handed_ns();
    return session_claim_turn_locked(s, bits);
}

uint32_t session_take_received_locked(session *s, uint32_t bytes) {
    return take_received_locked(s, bytes);
}

/* `bytes` have been received into the block, and are counted. Returns as session_claim_turn_locked.
 */
static uint32_t session_received_locked(session *s, uint32_t bytes) {
    if (s->state == SESSION_DRAINING) {
        /* Only the end of the stream matters now: the next recv overwrites these bytes. */
        if (session_arm_locked(s)) {
            session_hold(s);
        }
        return 0;
    }
    return take_received_locked(s, bytes);
}

/* A recv has finished, failed or been cancelled: once per accepted os_recv. [worker] */
void session_on_recv(const os_completion *completion) {
    session *s = container_of(completion->op, session, recv_op);
    uint32_t bits = 0;
    os_mutex_lock(&s->lock);
    s->recv_armed = false;
    if (s->state == SESSION_CLOSED) {
        flow_add(s->service->flow, FLOW_BYTES_IN, completion->bytes); /* received, but dropped */
    } else if (completion->status != PORTICO_OK) {
        session_abort_locked(s, completion->status);
    } else if (s->recv_probe) {
        uint32_t bytes = session_fetch_ready_locked(s);
        if (bytes > 0) {
            flow_received(s->service->flow, bytes);
            bits = session_received_locked(s, bytes);
        }
    } else if (completion->bytes == 0) {
        session_ended_locked(s);
    } else {
        flow_add(s->service->flow, FLOW_BYTES_IN, completion->bytes);
        bits = session_received_locked(s, completion->bytes);
    }
    os_mutex_unlock(&s->lock);
    session_run_claimed(s, bits);
}

/* ---- the turn's own completions ------------------------------------------------------------- */

static uint32_t session_next_work(session *s) {
    os_mutex_lock(&s->lock);
    s->turn_queued = false;
    uint32_t bits = session_next_work_locked(s, 0);
    os_mutex_unlock(&s->lock);
    return bits;
}

/* A queued turn has reached a worker. [worker] */
static void session_on_turn(const os_completion *completion) {
    session *s = container_of(completion->op, session, turn_op);
    session_run_own_turn(s, session_next_work(s));
}

/* The same in the strand of its room, which has entered the room's turn. [worker] */
static void session_on_room_turn(work *w) {
    session *s = container_of(w, session, room_work);
    entity *before = turn_act(&s->base);
    session_run_turn(s, session_next_work(s));
    (void)turn_act(before);
}

/* ---- the beginning -------------------------------------------------------------------------- */

/* Makes a session with the holds of its socket and its modules and one for the caller. Once
 * entity_add has returned, other threads can find it, so everything they may look at is set
 * before. */
static session *session_create(service *from, os_socket *socket, const os_address *peer,
                               session_state state) {
    session *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return NULL;
    }
    s->service = from;
    s->socket = socket;
    s->peer = *peer;
    s->state = state;
    s->connected = state == SESSION_OPENING;
    s->opened_ms = worker_now_ms();
    s->last_packet_ms = s->opened_ms;
    s->deadline_ms =
        s->opened_ms + (state == SESSION_CONNECTING ? from->config->connect_timeout_ms
                                                    : from->config->handshake_timeout_ms);
    s->high_bytes = from->config->send_limit_bytes / 2;
    s->recv_op.done = session_on_recv;
    s->send_op.done = session_on_sent;
    s->turn_op.done = session_on_turn;
    s->room_work.run = session_on_room_turn;
    s->inbox_last = &s->inbox;
    s->waiting.quota = from->type->quota;
    s->flush.run = session_on_flush;
    s->base.kind = ENTITY_SESSION;
    s->base.free = session_free;
    s->base.take = session_take_message;
    s->base.leave = session_leave_room;
    if (!entity_add(&s->base, 3)) {
        free(s);
        return NULL;
    }
    return s;
}

/* The session has come to OPENING or HANDSHAKE: runs the turn that opens it or begins that. */
static void session_begin(session *s) {
    uint32_t with = s->service->handshake == NULL ? TURN_OPEN : TURN_TRANSPORT;
    session_hold(s);
    os_mutex_lock(&s->lock);
    uint32_t bits = session_claim_turn_locked(s, with);
    os_mutex_unlock(&s->lock);
    session_run_claimed(s, bits);
}

void session_accept(service *from, os_socket *socket, const os_address *peer) {
    bool opens = from->handshake == NULL;
    session *s = session_create(from, socket, peer, opens ? SESSION_OPENING : SESSION_HANDSHAKE);
    if (s == NULL) {
        static log_kind dropped = LOG_KIND("connections dropped for lack of memory");
        log_limited(&dropped, LOG_ERROR, "session", "a connection to %s is dropped: out of memory",
                    from->config->name);
        os_close(socket, true);
        service_leave(from, service_counts_for(from, peer), false, 0, PORTICO_E_NO_MEMORY);
        return;
    }
    if (opens) {
        atomic_fetch_add(&from->connected, 1);
    }
    session_begin(s);
    session_release(s);
}

static void session_connected_locked(session *s) {
    if (os_socket_configure(s->socket, &s->service->config->socket) != PORTICO_OK) {
        log_warn(s->service->config->name, "a socket option was refused (%s)",
                 system_text(os_error()));
    }
    s->recv_op.done = session_on_recv;
    if (s->service->handshake != NULL) {
        session_set_state_locked(s, SESSION_HANDSHAKE);
        s->deadline_ms = worker_now_ms() + s->service->config->handshake_timeout_ms;
        entity_sweep_soon(&s->base);
    } else {
        session_may_open_locked(s);
    }
}

/* A connect has finished, failed or been cancelled. [worker] */
static void session_on_connect(const os_completion *completion) {
    session *s = container_of(completion->op, session, recv_op);
    bool open = false;
    os_mutex_lock(&s->lock);
    if (s->state != SESSION_CONNECTING) {
        /* Closed in between: a connection that was made has been closed with the socket. */
    } else if (completion->status != PORTICO_OK) {
        session_abort_locked(s, completion->status);
    } else {
        session_connected_locked(s);
        open = true;
    }
    os_mutex_unlock(&s->lock);
    if (open) {
        session_begin(s);
    }
    session_release(s);
}

portico_status session_connect(service *from, const os_address *to, const os_address *local) {
    session *s = session_create(from, NULL, to, SESSION_CONNECTING);
    if (s == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    os_mutex_lock(&s->lock);
    if (s->state == SESSION_CONNECTING) { /* else a stopping host has already found and closed it */
        s->recv_op.done = session_on_connect;
        session_hold(s);
        portico_status status = os_connect(from->port, to, local, &s->recv_op, &s->socket);
        if (status == PORTICO_OK) {
            stats_add(STAT_ops_submitted, 1);
        } else {
            s->socket = NULL;
            session_release_locked(s);
            session_abort_locked(s, status);
        }
    }
    os_mutex_unlock(&s->lock);
    session_release(s);
    return PORTICO_OK;
}

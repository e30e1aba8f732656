/* events.c: the completions of a session's operations, and how a session begins. See session.h. */
#include "session/private.h"

#include "base/stats.h"
#include "base/system_text.h"
#include "os/compiler.h"

#include <stdlib.h>

/* The recv-ready has completed: fetches what is there. Returns how many bytes; 0: a recv is to tell. */
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
    if (bytes > 0) {
        stats_add(STAT_recv_calls, 1);
    } else if (session_recv_locked(s, to, space)) {
        session_hold(s);
    }
    return bytes;
}

/* What a recv or the fetch has brought. Returns what session_claim_turn_locked does. */
static uint32_t session_received_locked(session *s, uint32_t bytes) {
    stats_add(STAT_bytes_in, bytes);
    if (s->state == SESSION_DRAINING) {
        if (session_arm_locked(
                s)) { /* over the bytes just received: only the end of the stream matters */
            session_hold(s);
        }
        return 0;
    }
    s->in_used += bytes;
    s->received_ns = worker_handed_ns();
    return session_claim_turn_locked(s, TURN_DATA);
}

/* A recv finished, failed or was cancelled: once per accepted os_recv. [worker] */
static void session_on_recv(const os_completion *completion) {
    session *s = container_of(completion->op, session, recv_op);
    uint32_t bits = 0;
    os_mutex_lock(&s->lock);
    s->recv_armed = false;
    if (s->state == SESSION_CLOSED) {
        stats_add(STAT_bytes_in, completion->bytes); /* nobody wants them */
    } else if (completion->status != PORTICO_OK) {
        session_abort_locked(s, completion->status);
    } else if (s->recv_probe) {
        uint32_t bytes = session_fetch_ready_locked(s);
        bits = bytes > 0 ? session_received_locked(s, bytes) : 0;
    } else if (completion->bytes == 0) {
        session_ended_locked(s);
    } else {
        bits = session_received_locked(s, completion->bytes);
    }
    os_mutex_unlock(&s->lock);
    if (bits != 0) {
        session_run_own_turn(s, bits);
    } else {
        session_release(s);
    }
}

static void session_turn_queued(session *s) {
    os_mutex_lock(&s->lock);
    uint32_t bits = session_next_work_locked(s, 0);
    os_mutex_unlock(&s->lock);
    session_run_turn(s, bits);
}

static void session_on_turn(const os_completion *completion) {
    session *s = container_of(completion->op, session, turn_op);
    entity *before = turn_enter(&s->base);
    session_turn_queued(s);
    turn_leave(before);
}

/* In the strand of its room, which has entered the room's turn. */
static void session_on_room_turn(work *w) {
    session_turn_queued(container_of(w, session, room_work));
}

static void session_run(session *s, uint32_t wanted) {
    session_hold(s);
    os_mutex_lock(&s->lock);
    uint32_t bits = session_claim_turn_locked(s, wanted);
    os_mutex_unlock(&s->lock);
    if (bits != 0) {
        session_run_own_turn(s, bits);
    } else {
        session_release(s);
    }
}

/* A session with the holds of its socket and of its modules, and one for the caller. From here on others can
 * find it: all that they may look at is set before. */
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
    s->connected = socket != NULL;
    s->opened_ms = worker_now_ms();
    s->last_packet_ms = s->opened_ms;
    s->deadline_ms = s->opened_ms + from->config->connect_timeout_ms;
    s->recv_op.done = session_on_recv;
    s->send_op.done = session_on_sent;
    s->turn_op.done = session_on_turn;
    s->room_work.run = session_on_room_turn;
    s->inbox_last = &s->inbox;
    s->flush.run = session_on_flush;
    s->base.kind = ENTITY_SESSION;
    s->base.free = session_free;
    s->base.take = session_take_message;
    s->base.leave = session_leave_room;
    stats_add(STAT_sessions_opened, 1);
    if (!entity_add(&s->base, 3)) {
        stats_add(STAT_sessions_closed, 1);
        free(s);
        return NULL;
    }
    return s;
}

void session_accept(service *from, os_socket *socket, const os_address *peer) {
    session *s = session_create(from, socket, peer, SESSION_OPENING);
    if (s == NULL) {
        log_error("session", "a connection to %s is dropped: out of memory", from->config->name);
        os_close(socket, true);
        service_leave(from, peer, false, 0, PORTICO_E_NO_MEMORY);
        return;
    }
    atomic_fetch_add(&from->connected, 1);
    session_run(s, TURN_OPEN);
    session_release(s);
}

static void session_on_connect(const os_completion *completion) {
    session *s = container_of(completion->op, session, recv_op);
    bool open = false;
    os_mutex_lock(&s->lock);
    if (s->state != SESSION_CONNECTING) {
        /* Closed meanwhile: the connection, if there is one, went with the socket. */
    } else if (completion->status != PORTICO_OK) {
        session_abort_locked(s, completion->status);
    } else {
        portico_status set = os_socket_configure(s->socket, &s->service->config->socket);
        if (set != PORTICO_OK) {
            log_warn(s->service->config->name, "a socket option was refused (%s)",
                     system_text(os_error()));
        }
        session_set_state_locked(s, SESSION_OPENING);
        entity_sweep_soon(&s->base);
        s->connected = true;
        atomic_fetch_add(&s->service->connected, 1);
        s->recv_op.done = session_on_recv;
        open = true;
    }
    os_mutex_unlock(&s->lock);
    if (open) {
        session_run(s, TURN_OPEN);
    }
    session_release(s);
}

portico_status session_connect(service *from, const os_address *to, const os_address *local) {
    session *s = session_create(from, NULL, to, SESSION_CONNECTING);
    if (s == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    os_mutex_lock(&s->lock);
    if (s->state == SESSION_CONNECTING) { /* else the stop has found it already */
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

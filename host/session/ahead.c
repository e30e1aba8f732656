/* ahead.c: see ahead.h.
 *
 * The system is asked for bytes with a recv-ready, which touches none, since it may complete when the
 * turn runs again. It then leaves the bytes to the turn, which ends with the next recv. If it has not
 * completed by then, it is that recv: session_arm_locked finds it in flight and clears `ahead`. It is
 * submitted again at once only while the session waits for a frozen module. In every other case the
 * sweep does that when it is time to look again, so that TCP still holds a slowed client back.
 *
 * Bytes go behind those in the receive block, unless a handler runs, which may be reading that
 * block. Then they go to a block of their own, `aside`. The turn takes that over instead of its
 * next recv (recv.c). A block aside begins only at a whole message: the rest of one would have to
 * be joined to its beginning.
 */
#include "session/ahead.h"

#include "base/stats.h"
#include "os/compiler.h"
#include "session/private.h"
#include "session/websocket.h"

typedef enum reading { READ_NOTHING, READ_ONCE, READ_ON } reading;

static bool waits_for_frozen_locked(session *s) {
    bool in_room = s->turn_queued && s->home != NULL;
    return s->parked || (in_room && room_waits_for(s->home) != NULL);
}

static bool is_readable_locked(const session *s) {
    bool open = s->state == SESSION_OPENING || s->state == SESSION_OPEN;
    return open && s->transport != NULL && !s->recv_armed && !s->peer_ended;
}

static reading may_read_locked(session *s) {
    if (!is_readable_locked(s)) {
        return READ_NOTHING;
    }
    if (s->slow_until_ms == 0 && waits_for_frozen_locked(s)) {
        return READ_ON;
    }
    return websocket_look(s->websocket, worker_now_ms()) ? READ_ONCE : READ_NOTHING;
}

/* Nobody touches the receive block while the lock is held. */
static bool block_rests_locked(const session *s) {
    return s->parked || s->slow_until_ms != 0 || (s->pending & TURN_DATA) != 0;
}

/* Returns how many bytes have come. *fresh: those of the transport. *rest: for byte_rate, what has
 * to be charged besides. */
static uint32_t receive_locked(session *s, reading how, uint8_t *to, uint32_t space,
                               uint32_t *fresh, uint32_t *rest) {
    uint32_t rate = s->service->config->byte_rate;
    *fresh = 0;
    *rest = 0;
    if (how == READ_ONCE && rate != 0 && space > rate) {
        space = rate; /* a slowed session owes no more for it than for a recv */
    }
    if (s->seal != NULL) {
        return space > 0 ? s->seal->read_ahead(s, to, space, fresh, rest) : 0;
    }
    *fresh = space > 0 ? os_recv_now(s->socket, to, space) : 0;
    if (*fresh > 0) {
        flow_received(s->service->flow, *fresh);
    }
    return *fresh;
}

/* To the receive block. Returns how many bytes have come. */
static uint32_t read_behind_locked(session *s, reading how) {
    uint32_t fresh = 0;
    uint32_t rest = 0;
    s->in = s->in != NULL ? s->in : block_take(BLOCK_BYTES);
    if (s->in == NULL) {
        return 0;
    }
    uint32_t bytes = receive_locked(s, how, s->in->bytes + s->in_used, s->in->capacity - s->in_used,
                                    &fresh, &rest);
    if (rest > 0) {
        session_charge_bytes_locked(s, rest);
    }
    if (fresh > 0 && s->state < SESSION_DRAINING) {
        s->in_used += fresh;
        s->received_ns = worker_handed_ns();
        (void)session_look_locked(s, fresh);
        if (s->slow_until_ms == 0) { /* else the sweep requests it */
            session_pend_locked(s, TURN_DATA);
        }
    }
    if (s->in_used == 0) {
        session_keep_rest(s, 0); /* gives the block back */
    }
    return bytes;
}

/* The same, to the block aside. */
static uint32_t read_aside_locked(session *s, reading how) {
    session_websocket *ws = s->websocket;
    uint32_t fresh = 0;
    uint32_t rest = 0;
    ws->aside = ws->aside != NULL ? ws->aside : block_take(BLOCK_BYTES);
    if (ws->aside == NULL) {
        return 0;
    }
    uint32_t bytes = receive_locked(s, how, ws->aside->bytes + ws->aside_used,
                                    ws->aside->capacity - ws->aside_used, &fresh, &rest);
    s->aside = s->aside || bytes > 0;
    ws->aside_owes += fresh + rest;
    if (fresh > 0 && s->state < SESSION_DRAINING) {
        ws->aside_used += fresh;
        s->transport->received(s, ws->aside->bytes, &ws->aside_used, fresh);
    }
    if (ws->aside_used == 0) {
        block_give(ws->aside);
        ws->aside = NULL;
    }
    return bytes;
}

static uint32_t read_locked(session *s, reading how) {
    session_websocket *ws = s->websocket;
    if (ws->aside == NULL && block_rests_locked(s)) {
        return read_behind_locked(s, how);
    }
    return ws->aside != NULL || websocket_between(&ws->received) ? read_aside_locked(s, how) : 0;
}

static bool is_full_locked(const session *s) {
    const session_websocket *ws = s->websocket;
    const block *last = ws->aside != NULL ? ws->aside : s->in;
    return last != NULL && (last == s->in ? s->in_used : ws->aside_used) == last->capacity;
}

static void session_on_ahead(const os_completion *completion);

static void wait_for_more_locked(session *s) {
    if (!is_readable_locked(s) || is_full_locked(s)) {
        return;
    }
    s->ahead = true;
    s->recv_op.done = session_on_ahead;
    if (session_recv_locked(s, NULL, 0)) {
        session_hold(s);
    }
}

void session_read_ahead_locked(session *s) {
    reading how = may_read_locked(s);
    if (how != READ_NOTHING) {
        (void)read_locked(s, how);
        wait_for_more_locked(s);
    }
}

/* The recv-ready has finished, failed or been cancelled. After the end of the stream it would do so
 * again at once, and os_recv_now finds nothing: so only the sweep tries again. [worker] */
COLD static void session_on_ahead(const os_completion *completion) {
    session *s = container_of(completion->op, session, recv_op);
    os_mutex_lock(&s->lock);
    s->recv_op.done = s->seal != NULL ? s->seal->on_recv : session_on_recv;
    bool ahead = s->ahead && s->state != SESSION_CLOSED && completion->status == PORTICO_OK;
    s->ahead = false;
    if (ahead) {
        s->recv_armed = false;
        bool on = may_read_locked(s) == READ_ON;
        if (is_readable_locked(s) && read_locked(s, on ? READ_ON : READ_ONCE) > 0 && on) {
            wait_for_more_locked(s);
        }
        entity_sweep_soon(&s->base); /* which looks again when it is time */
    }
    os_mutex_unlock(&s->lock);
    if (ahead) {
        session_release(s);
    } else {
        s->recv_op.done(completion);
    }
}

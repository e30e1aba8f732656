/* ahead.c: see ahead.h.
 *
 * While a session waits for a frozen module, its turn has the received bytes, but nobody runs the
 * turn: under the lock they may be added to. More of them is waited for with a recv-ready, which
 * touches no bytes, since it may complete when the turn runs again. It then leaves the bytes to the
 * turn, which ends with the next recv. If it has not completed by then, it is that recv:
 * session_arm_locked finds it in flight and clears `ahead`.
 */
#include "session/ahead.h"

#include "base/stats.h"
#include "os/compiler.h"
#include "session/private.h"

/* Nobody touches the received bytes while the lock is held. */
static bool turn_rests_locked(session *s) {
    return s->parked || (s->turn_queued && s->home != NULL && room_waits_for(s->home) != NULL);
}

static bool may_read_locked(session *s) {
    bool open = s->state == SESSION_OPENING || s->state == SESSION_OPEN;
    return open && s->transport != NULL && !s->recv_armed && !s->peer_ended &&
           s->slow_until_ms == 0 && turn_rests_locked(s);
}

/* Adds what has arrived to the receive block. Returns how many bytes. */
static uint32_t receive_locked(session *s) {
    s->in = s->in != NULL ? s->in : block_take(BLOCK_BYTES);
    uint32_t space = s->in != NULL ? s->in->capacity - s->in_used : 0;
    if (space == 0) {
        return 0;
    }
    if (s->seal != NULL) {
        return s->seal->read_ahead(s, space);
    }
    uint32_t bytes = os_recv_now(s->socket, s->in->bytes + s->in_used, space);
    if (bytes > 0) {
        flow_received(s->service->flow, bytes);
        (void)session_take_received_locked(s, bytes); /* the turn is taken */
    }
    return bytes;
}

/* Returns whether anything has come. */
static bool read_ahead_locked(session *s) {
    uint32_t bytes = receive_locked(s);
    if (s->in != NULL && s->state < SESSION_DRAINING) {
        s->transport->prepare_locked(s);
    }
    if (s->in_used == 0) {
        session_keep_rest(s, 0); /* gives the block back */
    }
    return bytes > 0;
}

static void session_on_ahead(const os_completion *completion);

static void wait_for_more_locked(session *s) {
    if (!may_read_locked(s) || (s->in != NULL && s->in_used == s->in->capacity)) {
        return;
    }
    s->ahead = true;
    s->recv_op.done = session_on_ahead;
    if (session_recv_locked(s, NULL, 0)) {
        session_hold(s);
    }
}

void session_read_ahead_locked(session *s) {
    if (may_read_locked(s)) {
        (void)read_ahead_locked(s);
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
        if (may_read_locked(s) && read_ahead_locked(s)) {
            wait_for_more_locked(s);
        }
    }
    os_mutex_unlock(&s->lock);
    if (ahead) {
        session_release(s);
    } else {
        s->recv_op.done(completion);
    }
}

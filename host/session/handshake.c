/* handshake.c: see handshake.h. */
#include "session/handshake.h"

#include "base/status.h"
#include "os/compiler.h"
#include "session/page.h"
#include "session/private.h"

/* How long a file may take to arrive. */
enum { SERVED_MS = 60000 };

static log_kind late = LOG_KIND("handshakes that take too long");

void session_handshake_late_locked(session *s) {
    char peer[OS_ADDRESS_TEXT];
    os_address_format(&s->peer, peer);
    log_limited(&late, LOG_INFO, s->service->config->name,
                "session %llu of %s: its handshake is not complete after %u ms: closed",
                (unsigned long long)s->base.id, peer, s->service->config->handshake_timeout_ms);
    session_close_locked(s, PORTICO_E_TIMEOUT);
}

/* Receives more; in a session that is closing, to see the end of the stream. */
static void handshake_receive(session *s) {
    os_mutex_lock(&s->lock);
    if (s->state != SESSION_HANDSHAKE) {
        s->rearm = true;
    } else if (s->peer_ended) {
        session_ended_locked(s);
    } else if ((s->pending & TURN_TRANSPORT) != 0) {
        /* TLS was complete before this turn ends: its next round reads what came with that. */
    } else if (!s->recv_armed && (s->seal == NULL || !s->seal->waits(s)) && !page_waits_locked(s)) {
        bool into = s->in != NULL && s->secure == NULL;
        void *to = into ? s->in->bytes + s->in_used : NULL;
        if (session_recv_locked(s, to, into ? s->in->capacity - s->in_used : 0)) {
            session_hold(s);
        }
    }
    os_mutex_unlock(&s->lock);
}

/* All layers are done. */
static void handshake_end(session *s) {
    os_mutex_lock(&s->lock);
    if (s->state == SESSION_HANDSHAKE) {
        session_may_open_locked(s);
        if (s->in_used > 0) {
            session_pend_locked(s, TURN_DATA);
            if (s->transport != NULL) {
                s->transport->received(s, s->in->bytes, &s->in_used, s->in_used);
            }
        }
        session_pend_locked(s, TURN_OPEN);
    } else {
        s->rearm = true;
    }
    os_mutex_unlock(&s->lock);
}

/* Asks the current layer about what has been received. */
static handshake_result handshake_step(session *s, const handshake_layer *layer) {
    if (!s->layer_begun) {
        s->layer_begun = true;
        portico_status status = layer->begin(s);
        if (status != PORTICO_OK) {
            session_abort(s, status);
            return HANDSHAKE_REFUSED;
        }
    }
    if (s->in_used == 0 && !layer->hidden) {
        return HANDSHAKE_MORE;
    }
    uint32_t taken = 0;
    handshake_result result = layer->received(s, &taken);
    session_keep_rest(s, taken);
    return result;
}

/* The answer that is queued is still sent. */
static void handshake_close(session *s, bool served) {
    os_mutex_lock(&s->lock);
    session_close_locked(s, served ? PORTICO_E_EOF : PORTICO_E_REFUSED);
    if (served && s->state == SESSION_DRAINING) {
        s->deadline_ms = worker_now_ms() + SERVED_MS;
    }
    os_mutex_unlock(&s->lock);
    session_keep_rest(s, s->in_used);
}

/* Passes the layers until one needs more bytes. */
static void session_handshake(session *s) {
    handshake_result result = HANDSHAKE_DONE;
    while (result == HANDSHAKE_DONE && s->service->handshake[s->layer] != NULL) {
        result = handshake_step(s, s->service->handshake[s->layer]);
        if (result == HANDSHAKE_DONE) {
            s->layer++;
            s->layer_begun = false;
        }
    }
    if (result == HANDSHAKE_DONE) {
        handshake_end(s);
        return;
    }
    if (result != HANDSHAKE_MORE) {
        handshake_close(s, result == HANDSHAKE_SERVED);
    }
    handshake_receive(s);
}

void session_transport(session *s) {
    if (s->state == SESSION_HANDSHAKE) {
        session_handshake(s);
    } else if (s->state >= SESSION_DRAINING) {
        session_keep_rest(s, s->in_used);
        s->rearm = true;
    }
}

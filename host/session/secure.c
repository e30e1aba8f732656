/* secure.c: see secure.h. Receiving, and the handshake.
 *
 * Until the handshake is complete, either a recv is in flight or the session is in the queue of
 * handshakes.
 */
#include "session/secure_private.h"

#include "base/stats.h"
#include "wire/buffer.h"

#include <stdlib.h>
#include <string.h>

static log_kind failed_handshakes = LOG_KIND("TLS handshakes that fail");
static log_kind bad_records = LOG_KIND("TLS sessions that break");

static void tell(session *s, log_kind *kind, const char *what) {
    char peer[OS_ADDRESS_TEXT];
    os_address_format(&s->peer, peer);
    log_limited(kind, LOG_INFO, s->service->config->name, "session %llu of %s: %s: %s",
                (unsigned long long)s->base.id, peer, what, tls_stream_why(s->secure->stream));
}

/* ---- what comes in --------------------------------------------------------------------------- */

static void incoming_give(session_secure *t) {
    if (t->incoming != NULL) {
        pool_give(POOL_LARGE, t->incoming);
        t->incoming = NULL;
    }
}

/* Makes room for `bytes` more in the receive block. */
static bool make_room(session *s, uint32_t bytes) {
    uint32_t capacity = s->in != NULL ? s->in->capacity : BLOCK_BYTES;
    while (capacity - s->in_used < bytes) {
        capacity *= 2;
    }
    if (s->in != NULL && capacity == s->in->capacity) {
        return true;
    }
    block *larger = block_take(capacity);
    if (larger == NULL) {
        return false;
    }
    if (s->in != NULL) {
        memcpy(larger->bytes, s->in->bytes, s->in_used);
        block_give(s->in);
    }
    s->in = larger;
    atomic_store_explicit(&s->grown_bytes, capacity != BLOCK_BYTES ? capacity : 0,
                          memory_order_relaxed);
    return true;
}

/* Decrypts what was fed. *size: the bytes that come of it. The end of the peer's stream waits until
 * what came before has been delivered (session_arm_locked). False: the session has been closed. */
static bool secure_open_to_locked(session *s, uint8_t *to, uint32_t space, uint32_t *size) {
    tls_result result = tls_stream_open(s->secure->stream, to, space, size);
    secure_answer_locked(s);
    if (result == TLS_FAILED && s->state < SESSION_DRAINING) {
        tell(s, &bad_records, "TLS fails");
        session_close_locked(s, PORTICO_E_FRAME);
    }
    s->peer_ended = s->peer_ended || result == TLS_ENDED;
    return s->state < SESSION_DRAINING;
}

/* The same, to the receive block. */
static bool secure_open_locked(session *s, uint32_t *size) {
    *size = 0;
    if (!make_room(s, s->secure->plain_most)) {
        secure_abort_locked(s, PORTICO_E_NO_MEMORY);
        return false;
    }
    bool open =
        secure_open_to_locked(s, s->in->bytes + s->in_used, s->in->capacity - s->in_used, size);
    if (s->in_used + *size == 0) {
        block_give(s->in);
        s->in = NULL;
        atomic_store_explicit(&s->grown_bytes, 0, memory_order_relaxed);
    }
    return open;
}

/* Where byte_rate is set: what to charge for bytes that are in no packet, such as requests for new
 * keys. The plaintext is charged like that of any session, and the records around it are free. */
COLD static uint32_t rest_locked(session *s, uint32_t bytes, uint32_t plain) {
    enum { RECORD_COST = 32 };
    session_secure *t = s->secure;
    uint32_t held = tls_stream_plain_most(t->stream, 0);
    uint32_t whole = t->held + bytes - held; /* of records that are now complete */
    uint32_t paid = plain + tls_stream_count_opened(t->stream) * RECORD_COST;
    t->held = held;
    return whole > paid ? whole - paid : 0;
}

/* The next recv. */
static void rearm_locked(session *s) {
    if (s->state == SESSION_HANDSHAKE ? session_recv_locked(s, NULL, 0) : session_arm_locked(s)) {
        session_hold(s);
    }
}

/* The handshake continues in the queue, once its ClientHello is complete. */
static void secure_compute_locked(session *s) {
    session_secure *t = s->secure;
    if (!tls_stream_is_dear(t->stream)) {
        rearm_locked(s);
        return;
    }
    t->waits = true;
    session_hold(s);
    handshake_queue_push(s->service->port, &t->wait, t->answered);
}

/* Gives TLS `bytes` of `incoming`. False: the session has been closed. */
static bool secure_feed_locked(session *s, uint32_t bytes) {
    session_secure *t = s->secure;
    t->plain_most = tls_stream_plain_most(t->stream, bytes);
    if (!tls_stream_feed(t->stream, t->incoming, bytes)) {
        secure_abort_locked(s, PORTICO_E_NO_MEMORY);
        return false;
    }
    return true;
}

/* Decrypts what has been fed. As secure_open_locked. */
static bool secure_decrypt_locked(session *s, uint32_t bytes, uint32_t *size) {
    bool open = secure_open_locked(s, size);
    if (open && s->service->config->byte_rate != 0) {
        uint32_t rest = rest_locked(s, bytes, *size);
        if (rest > 0) {
            session_charge_bytes_locked(s, rest);
        }
    }
    return open;
}

/* `bytes` of ciphertext have come. Returns as session_claim_turn_locked. */
static uint32_t secure_received_locked(session *s, uint32_t bytes) {
    session_secure *t = s->secure;
    uint32_t size = 0;
    flow_add(s->service->flow, FLOW_BYTES_IN, bytes);
    if (s->state >= SESSION_DRAINING) {
        rearm_locked(s); /* only the end of the stream matters now */
        return 0;
    }
    if (!secure_feed_locked(s, bytes)) {
        return 0;
    }
    if (!t->done) {
        secure_compute_locked(s);
        return 0;
    }
    if (!secure_decrypt_locked(s, bytes, &size)) {
        if (s->state == SESSION_DRAINING) {
            rearm_locked(s);
        }
        return 0;
    }
    if (size == 0 && !s->peer_ended && s->over_until_ns == 0) {
        rearm_locked(s);
        return 0;
    }
    return session_take_received_locked(s, size);
}

/* A recv-ready has completed: receives what has arrived. Returns the same. */
static uint32_t secure_fetch_locked(session *s) {
    session_secure *t = s->secure;
    uint32_t rate = s->service->config->byte_rate;
    uint32_t space = rate != 0 && rate < POOL_LARGE_BYTES ? rate : POOL_LARGE_BYTES;
    t->incoming = pool_take(POOL_LARGE);
    if (t->incoming == NULL) {
        secure_abort_locked(s, PORTICO_E_NO_MEMORY);
        return 0;
    }
    uint32_t bytes = os_recv_now(s->socket, t->incoming, space);
    if (bytes > 0) {
        stats_add(STAT_recv_calls, 1);
        return secure_received_locked(s, bytes);
    }
    if (session_recv_locked(s, t->incoming, space)) {
        session_hold(s);
    }
    return 0;
}

/* The connection has ended without TLS's word that nothing more comes: something may be missing. */
COLD static void secure_cut_locked(session *s) {
    if (s->state == SESSION_DRAINING) {
        session_ended_locked(s);
        return;
    }
    log_debug(s->service->config->name, "session %llu: the connection ended without an end of TLS",
              (unsigned long long)s->base.id);
    session_abort_locked(s, PORTICO_E_RESET);
}

/* A recv has finished, failed or been cancelled: once per accepted os_recv. [worker] */
static void session_on_sealed_recv(const os_completion *completion) {
    session *s = container_of(completion->op, session, recv_op);
    uint32_t bits = 0;
    os_mutex_lock(&s->lock);
    s->recv_armed = false;
    if (s->state == SESSION_CLOSED) {
        flow_add(s->service->flow, FLOW_BYTES_IN, completion->bytes); /* received, but dropped */
    } else if (completion->status != PORTICO_OK) {
        session_abort_locked(s, completion->status);
    } else if (s->recv_probe) {
        bits = secure_fetch_locked(s);
    } else if (completion->bytes == 0) {
        secure_cut_locked(s);
    } else {
        bits = secure_received_locked(s, completion->bytes);
    }
    if (!s->recv_armed || s->recv_probe) {
        incoming_give(s->secure);
    }
    os_mutex_unlock(&s->lock);
    session_run_claimed(s, bits);
}

/* See session_sealing. */
COLD static uint32_t secure_read_ahead_locked(session *s, uint8_t *to, uint32_t space,
                                              uint32_t *size, uint32_t *rest) {
    session_secure *t = s->secure;
    uint32_t held = tls_stream_plain_most(t->stream, 0);
    uint32_t most = space < POOL_LARGE_BYTES ? space : POOL_LARGE_BYTES;
    if (most <= held || (t->incoming = pool_take(POOL_LARGE)) == NULL) {
        return 0;
    }
    uint32_t bytes = os_recv_now(s->socket, t->incoming, most - held);
    if (bytes > 0) {
        stats_add(STAT_recv_calls, 1);
        flow_add(s->service->flow, FLOW_BYTES_IN, bytes);
        bool open = secure_feed_locked(s, bytes) && secure_open_to_locked(s, to, space, size);
        *rest = open && s->service->config->byte_rate != 0 ? rest_locked(s, bytes, *size) : 0;
    }
    incoming_give(t);
    return bytes;
}

/* ---- the handshake --------------------------------------------------------------------------- */

/* Computes one step. Returns as session_claim_turn_locked. *oldest: a session to end, as
 * secure_enlist returns it. */
static uint32_t secure_step_locked(session *s, uint64_t *oldest) {
    session_secure *t = s->secure;
    tls_result result = tls_stream_handshake(t->stream);
    t->answered = t->answered || tls_stream_waiting(t->stream) > 0;
    secure_answer_locked(s);
    if (s->state != SESSION_HANDSHAKE) {
        return 0;
    }
    if (result == TLS_DONE) {
        t->done = true;
        stats_add(STAT_tls_done, 1);
        secure_delist(t);
        return session_claim_turn_locked(s, TURN_TRANSPORT);
    }
    if (result == TLS_FAILED) {
        tell(s, &failed_handshakes, "its TLS handshake fails");
        stats_add(STAT_tls_failed, 1);
        session_close_locked(s, PORTICO_E_REFUSED);
    } else if (t->answered) {
        *oldest = secure_enlist(t); /* it now waits for the client's answer */
    }
    rearm_locked(s);
    return 0;
}

/* Its place in the queue of handshakes has come. The lock is held while it computes: nobody else
 * has much to do with a session that no module knows. [worker] */
static void secure_on_place(handshake_wait *w) {
    session_secure *t = container_of(w, session_secure, wait);
    session *s = t->owner;
    uint32_t bits = 0;
    uint64_t oldest = 0;
    os_mutex_lock(&s->lock);
    t->waits = false;
    if (s->state == SESSION_HANDSHAKE) {
        bits = secure_step_locked(s, &oldest);
    } else if (s->state == SESSION_DRAINING) {
        rearm_locked(s);
    }
    os_mutex_unlock(&s->lock);
    if (oldest != 0) {
        secure_make_way(oldest);
    }
    session_run_claimed(s, bits);
}

static bool secure_waits_locked(const session *s) {
    return s->secure->waits;
}

static void secure_free(session_secure *t) {
    secure_delist(t);
    incoming_give(t);
    tls_sealed_give(&t->outgoing);
    tls_stream_destroy(t->stream);
    free(t);
}

static const session_sealing sealing = {.flush = secure_flush_locked,
                                        .finish = secure_finish_locked,
                                        .waits = secure_waits_locked,
                                        .read_ahead = secure_read_ahead_locked,
                                        .on_recv = session_on_sealed_recv,
                                        .free = secure_free};

/* Gives TLS the bytes that came behind a PROXY header. False: out of memory. [turn] */
static bool secure_take_rest_locked(session *s) {
    session_secure *t = s->secure;
    uint32_t bytes = s->in_used;
    if (bytes == 0) {
        return true;
    }
    t->plain_most = tls_stream_plain_most(t->stream, bytes);
    if (!tls_stream_feed(t->stream, s->in->bytes, bytes)) {
        return false;
    }
    session_keep_rest(s, bytes);
    secure_compute_locked(s);
    return true;
}

static portico_status secure_begin(session *s) {
    service *from = s->service;
    const config_service *c = from->config;
    session_secure *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    const char *server = c->tls.server_name != NULL ? c->tls.server_name : c->address;
    t->stream = c->outgoing ? tls_stream_connect(from->tls, server) : tls_stream_accept(from->tls);
    t->wait.run = secure_on_place;
    t->owner = s;
    if (t->stream == NULL) {
        free(t);
        return PORTICO_E_NO_MEMORY;
    }
    os_mutex_lock(&s->lock);
    s->secure = t;
    s->seal = &sealing;
    s->recv_op.done = session_on_sealed_recv;
    s->send_op.done = session_on_sealed_sent;
    s->flush.run = session_on_sealed_flush;
    secure_flush_locked(s); /* a client speaks first */
    bool taken = s->state != SESSION_HANDSHAKE || secure_take_rest_locked(s);
    os_mutex_unlock(&s->lock);
    return taken ? PORTICO_OK : PORTICO_E_NO_MEMORY;
}

/* Once the handshake is complete, what came with its end is plaintext for the next layer. */
static handshake_result secure_received(session *s, uint32_t *taken) {
    session_secure *t = s->secure;
    uint32_t size = 0;
    *taken = 0;
    os_mutex_lock(&s->lock);
    bool done = t->done;
    bool open = done && s->socket != NULL && secure_open_locked(s, &size);
    s->in_used += open ? size : 0;
    t->held = tls_stream_plain_most(t->stream, 0);
    os_mutex_unlock(&s->lock);
    if (!done) {
        return HANDSHAKE_MORE;
    }
    log_debug(s->service->config->name, "session %llu: %s, %s", (unsigned long long)s->base.id,
              tls_stream_version(t->stream), tls_stream_cipher(t->stream));
    return open ? HANDSHAKE_DONE : HANDSHAKE_REFUSED;
}

const handshake_layer secure_layer = {
    .begin = secure_begin, .received = secure_received, .hidden = true};

/* secure_send.c: sending with TLS. See secure.h.
 *
 * While a send is in flight, its ciphertext is in `outgoing`, and the plaintext that it was made of
 * stays in the queue: the send limit and the watermarks mean the same as without TLS.
 */
#include "session/secure_private.h"

#include "base/stats.h"
#include "wire/buffer.h"

#include <string.h>

/* SEAL_MOST: plaintext that one send encrypts; os_send_now takes that much on every system.
 * ANSWERS_MOST: what TLS itself may have to say to a peer that does not read. */
enum { SEAL_MOST = 4 * TLS_SEAL_BYTES - 1024, ANSWERS_MOST = 64 * 1024 };

/* Ends the list of the queue that is in flight. */
static void unsealed_end(session *s) {
    s->secure->unsealed = NULL;
    if (s->queue.flying != NULL) {
        sendq_sent(&s->queue);
    }
}

void secure_abort_locked(session *s, portico_status reason) {
    unsealed_end(s);
    session_abort_locked(s, reason);
}

/* Drops the first `size` bytes of the list. */
static void unsealed_advance(session_secure *t, uint32_t size) {
    while (t->unsealed != NULL && size >= t->unsealed->size) {
        size -= t->unsealed->size;
        t->unsealed = t->unsealed->next;
    }
    if (t->unsealed != NULL) {
        t->unsealed->data += size;
        t->unsealed->size -= size;
    }
}

/* Makes one record of the next buffers. Returns how many bytes are in it; 0: out of memory. */
static uint32_t seal_gathered(session_secure *t) {
    uint8_t *record = pool_take(POOL_LARGE);
    uint32_t size = 0;
    if (record == NULL) {
        return 0;
    }
    for (const os_buffer *b = t->unsealed; b != NULL && size < TLS_SEAL_BYTES; b = b->next) {
        uint32_t left = TLS_SEAL_BYTES - size;
        uint32_t part = b->size < left ? b->size : left;
        memcpy(record + size, b->data, part);
        size += part;
    }
    bool sealed = tls_stream_seal(t->stream, record, size);
    pool_give(POOL_LARGE, record);
    return sealed ? size : 0;
}

/* The same without a copy, from one buffer. */
static uint32_t seal_one(session_secure *t) {
    const os_buffer *b = t->unsealed;
    uint32_t size = b->size < TLS_SEAL_BYTES ? b->size : TLS_SEAL_BYTES;
    return tls_stream_seal(t->stream, b->data, size) ? size : 0;
}

/* Encrypts the next part of what is queued, in as few records as possible. False: there is nothing,
 * or the session has been closed. */
static bool seal_next_locked(session *s) {
    session_secure *t = s->secure;
    if (tls_stream_why(t->stream)[0] != '\0') {
        unsealed_end(s); /* the alert was the last that the peer can read */
        sendq_drop(&s->queue);
        return false;
    }
    if (t->unsealed == NULL) {
        t->unsealed = t->done ? sendq_take(&s->queue) : NULL;
    }
    uint32_t sealed = 0;
    while (t->unsealed != NULL && sealed < SEAL_MOST) {
        const os_buffer *b = t->unsealed;
        bool alone = b->next == NULL || b->size >= TLS_SEAL_BYTES;
        uint32_t size = alone ? seal_one(t) : seal_gathered(t);
        if (size == 0) {
            secure_abort_locked(s, PORTICO_E_NO_MEMORY);
            return false;
        }
        unsealed_advance(t, size);
        sealed += size;
    }
    return sealed > 0;
}

/* Sends the ciphertext there is. False: a send is in flight, or the session has been closed. */
static bool send_sealed_locked(session *s) {
    session_secure *t = s->secure;
    os_buffer *list = &t->node;
    t->outgoing = tls_stream_take(t->stream);
    t->node = (os_buffer){.data = t->outgoing.bytes, .size = (uint32_t)t->outgoing.size};
    stats_add(STAT_send_calls, 1);
    flow_add(s->service->flow, FLOW_BYTES_OUT, os_send_now(s->socket, &list));
    if (list == NULL) {
        tls_sealed_give(&t->outgoing);
        return true;
    }
    session_hold(s);
    portico_status status = os_send(s->socket, &s->send_op, list);
    if (status == PORTICO_OK) {
        t->sending = true;
        stats_add(STAT_buffer_bytes_taken, t->outgoing.room);
        stats_add(STAT_ops_submitted, 1);
    } else {
        tls_sealed_give(&t->outgoing);
        session_release_locked(s);
        secure_abort_locked(s, status);
    }
    return false;
}

void secure_flush_locked(session *s) {
    session_secure *t = s->secure;
    while (s->socket != NULL && !t->sending) {
        if (tls_stream_waiting(t->stream) == 0 && !seal_next_locked(s)) {
            return;
        }
        if (!send_sealed_locked(s)) {
            return;
        }
        if (t->unsealed == NULL) {
            unsealed_end(s);
        }
    }
}

/* A send has finished, failed or been cancelled: once per accepted os_send. [worker] */
void session_on_sealed_sent(const os_completion *completion) {
    session *s = container_of(completion->op, session, send_op);
    session_secure *t = s->secure;
    os_mutex_lock(&s->lock);
    t->sending = false;
    stats_add(STAT_buffer_bytes_given, t->outgoing.room);
    tls_sealed_give(&t->outgoing);
    flow_add(s->service->flow, FLOW_BYTES_OUT, completion->bytes);
    if (t->unsealed == NULL || s->state == SESSION_CLOSED) {
        unsealed_end(s);
    }
    if (s->state != SESSION_CLOSED && completion->status != PORTICO_OK) {
        secure_abort_locked(s, completion->status);
    } else {
        session_send_queued_locked(s);
    }
    os_mutex_unlock(&s->lock);
    session_release(s);
}

void secure_answer_locked(session *s) {
    secure_flush_locked(s);
    if (s->socket != NULL && tls_stream_waiting(s->secure->stream) > ANSWERS_MOST) {
        secure_abort_locked(s, PORTICO_E_BACKLOG);
    }
}

bool secure_finish_locked(session *s) {
    tls_stream_close(s->secure->stream);
    secure_flush_locked(s);
    return s->socket != NULL && !s->secure->sending;
}

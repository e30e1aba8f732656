/* send.c: what goes out of a session. See session.h.
 *
 * Any thread queues packets under the session's lock. The first one in a worker's batch defers a
 * flush to the end of the batch, so everything queued during the batch goes out in one call. One
 * os_send is in flight at a time; when it completes, the next begins.
 */
#include "session/private.h"

#include "base/stats.h"
#include "os/compiler.h"
#include "session/traced.h"
#include "session/websocket_frame.h"

#include <stdlib.h>
#include <string.h>

static log_kind deaf = LOG_KIND("sessions that do not read");

/* The backlog has reached send_limit_bytes. */
COLD static portico_status session_refuse_locked(session *s) {
    const config_service *limits = s->service->config;
    service_count_hit(&s->service->counts.send_overflows, &s->service->counts.send_overflow_ms,
                      worker_now_ms());
    if (limits->backlog_policy == CONFIG_BACKLOG_DROP) {
        quota_refuse(s->service->type->quota, REFUSED_PACKETS,
                     "a packet to session %llu of %s is dropped: %u bytes wait "
                     "(send_limit_bytes = %u)",
                     (unsigned long long)s->base.id, limits->name, s->queue.queued_bytes,
                     limits->send_limit_bytes);
    } else {
        stats_add(STAT_send_overflows, 1);
        log_limited(&deaf, LOG_INFO, limits->name,
                    "session %llu does not read: %u bytes wait, send_limit_bytes is %u: closed",
                    (unsigned long long)s->base.id, s->queue.queued_bytes,
                    limits->send_limit_bytes);
        session_abort_locked(s, PORTICO_E_BACKLOG);
    }
    return PORTICO_E_BACKLOG;
}

/* Checks whether `whole` more bytes are below the limit. They need more memory unless they fit. */
static portico_status session_limit_locked(session *s, const config_service *limits, uint32_t whole,
                                           bool fits) {
    /* The limit applies to the queue's memory if this packet needs more of it, else only to its
     * bytes: a piece of memory may be as large as the limit. */
    uint64_t held = fits ? s->queue.queued_bytes : s->queue.memory_bytes;
    if (held + whole <= limits->send_limit_bytes || s->queue.queued_bytes == 0) {
        return PORTICO_OK;
    }
    return session_refuse_locked(s);
}

/* Checks whether a packet of `whole` bytes may be queued. */
static portico_status session_admit_locked(session *s, const config_service *limits, uint32_t whole,
                                           bool fits) {
    session_state state = atomic_load_explicit(&s->state, memory_order_relaxed);
    if (state != SESSION_OPENING && state != SESSION_OPEN) {
        return PORTICO_E_GONE;
    }
    return session_limit_locked(s, limits, whole, fits);
}

/* The backlog has passed half of the limit, or fallen to a quarter of it again. */
COLD static void session_pass_watermark_locked(session *s, bool above) {
    s->above_watermark = above;
    s->high_bytes = above ? UINT32_MAX : s->service->config->send_limit_bytes / 2;
    if (s->watermark_wanted) {
        session_request_turn_locked(s, TURN_WATERMARK);
    }
}

static void session_check_below_locked(session *s) {
    if (s->above_watermark && s->queue.queued_bytes <= s->service->config->send_limit_bytes / 4) {
        session_pass_watermark_locked(s, false);
    }
}

/* Submits the rest of a list that the system did not take at once. */
static void session_submit_locked(session *s, os_buffer *list) {
    session_hold(s);
    portico_status status = os_send(s->socket, &s->send_op, list);
    if (status == PORTICO_OK) {
        stats_add(STAT_ops_submitted, 1);
    } else {
        sendq_sent(&s->queue);
        session_release_locked(s);
        session_abort_locked(s, status);
    }
}

/* No send is in flight: sends what is queued until nothing is left or a send is in flight. */
static ALWAYS_INLINE void session_flush_locked(session *s) {
    os_buffer *list;
    while (s->socket != NULL && (list = sendq_take(&s->queue)) != NULL) {
        uint32_t packets = s->packets_out;
        s->packets_out = 0;
        flow_sent(s->service->flow, packets, os_send_now(s->socket, &list));
        if (list != NULL) {
            session_submit_locked(s, list);
            return;
        }
        sendq_sent(&s->queue);
    }
}

/* Those that the flush does not count: with TLS, or because the session is closed. */
NOINLINE static void count_packets_locked(session *s) {
    if (s->packets_out != 0) {
        flow_add(s->service->flow, FLOW_PACKETS_OUT, s->packets_out);
        s->packets_out = 0;
    }
}

/* The same, with its consequences for the watermark and for a session that is draining. */
static ALWAYS_INLINE void send_queued_locked(session *s, bool sealed) {
    if (s->state != SESSION_CLOSED) {
        if (sealed) {
            s->seal->flush(s);
            count_packets_locked(s);
        } else {
            session_flush_locked(s);
        }
        if (s->queue.queued_bytes != s->counted_bytes) {
            session_count_queue_locked(s);
        }
        session_check_below_locked(s);
        session_drained_locked(s);
    } else {
        count_packets_locked(s);
    }
}

void session_send_queued_locked(session *s) {
    send_queued_locked(s, s->seal != NULL);
}

static void session_packet_queued_locked(session *s) {
    s->packets_out++;
    if (s->queue.queued_bytes > s->high_bytes) {
        session_pass_watermark_locked(s, true);
    }
    if (s->flush_deferred) {
        return; /* it sends this packet, too */
    }
    if (s->queue.flying != NULL) {
        session_count_queue_locked(s); /* the send continues with this packet when it completes */
        return;
    }
    s->flush_deferred = worker_defer(&s->flush);
    if (!s->flush_deferred) {
        session_send_queued_locked(s); /* not on a worker: no batch will end */
    }
}

static inline void flush(deferred *d, bool sealed) {
    session *s = container_of(d, session, flush);
    os_mutex_lock(&s->lock);
    s->flush_deferred = false;
    bool holds = s->flush_has_hold;
    if (s->queue.flying == NULL) {
        send_queued_locked(s, sealed);
    }
    os_mutex_unlock(&s->lock);
    if (holds) {
        session_release(s);
    }
}

void session_on_flush(deferred *d) {
    flush(d, false);
}

void session_on_sealed_flush(deferred *d) {
    flush(d, true);
}

/* A send has finished, failed or been cancelled: once per accepted os_send. [worker] */
void session_on_sent(const os_completion *completion) {
    session *s = container_of(completion->op, session, send_op);
    os_mutex_lock(&s->lock);
    sendq_sent(&s->queue);
    flow_add(s->service->flow, FLOW_BYTES_OUT, completion->bytes);
    if (s->state != SESSION_CLOSED && completion->status != PORTICO_OK) {
        session_abort_locked(s, completion->status);
    } else {
        session_send_queued_locked(s);
    }
    os_mutex_unlock(&s->lock);
    session_release(s);
}

portico_status session_queue_locked(session *s, const void *bytes, uint32_t size, bool always) {
    const config_service *limits = s->service->config;
    bool fits = sendq_tail(&s->queue, size) != NULL;
    portico_status status = PORTICO_OK;
    if (s->state < SESSION_HANDSHAKE || s->state >= SESSION_DRAINING) {
        status = PORTICO_E_GONE;
    } else if (!always) {
        status = session_limit_locked(s, limits, size, fits);
    }
    uint8_t *to = status == PORTICO_OK ? sendq_add(&s->queue, size) : NULL;
    if (to == NULL) {
        return status != PORTICO_OK ? status : PORTICO_E_NO_MEMORY;
    }
    memcpy(to, bytes, size);
    s->packets_out--; /* it is none */
    session_packet_queued_locked(s);
    return PORTICO_OK;
}

portico_status session_queue_shared_locked(session *s, shared *whole) {
    bool copied = false;
    if (s->state < SESSION_HANDSHAKE || s->state >= SESSION_DRAINING) {
        return PORTICO_E_GONE;
    }
    portico_status status = sendq_share(&s->queue, whole, &copied);
    if (status == PORTICO_OK) {
        s->packets_out--;
        session_packet_queued_locked(s);
    }
    return status;
}

/* Sends a packet of any size in any framing. `traced`: how to record it; NULL: not. */
static portico_status send_any(session *s, uint16_t opcode, const void *data, uint32_t size,
                               traced_send *traced) {
    const config_service *limits = s->service->config;
    uint32_t whole = 0;
    portico_status status = websocket_frame_measure(limits->framing, opcode, data, size,
                                                    limits->frame_limit_bytes, &whole);
    if (status != PORTICO_OK) {
        return status;
    }
    os_mutex_lock(&s->lock);
    status = session_admit_locked(s, limits, whole, sendq_tail(&s->queue, whole) != NULL);
    uint8_t *to = status == PORTICO_OK ? sendq_add(&s->queue, whole) : NULL;
    if (to != NULL) {
        websocket_frame_write(limits->framing, opcode, data, size, to);
        if (traced != NULL) {
            traced_send_record_locked(traced, s); /* before an answer to it can be */
        }
        session_packet_queued_locked(s);
    } else if (status == PORTICO_OK) {
        status = PORTICO_E_NO_MEMORY;
    }
    os_mutex_unlock(&s->lock);
    return status;
}

/* The frame is too large, or is not just the payload and frame_extra_bytes, or a text; or there is a
 * trace. */
NOINLINE static portico_status session_send_other(session *s, uint16_t opcode, const void *data,
                                                  uint32_t size) {
    traced_send traced;
    if (!trace_on()) {
        return send_any(s, opcode, data, size, NULL);
    }
    traced_send_prepare(&traced, s, opcode, data, size);
    portico_status status = send_any(s, opcode, data, size, &traced);
    traced_send_drop(&traced);
    return status;
}

portico_status session_send(session *s, uint16_t opcode, const void *data, uint32_t size) {
    const config_service *limits = s->service->config;
    if ((size | trace_mask()) >= s->service->payload_below) {
        return session_send_other(s, opcode, data, size);
    }
    if (opcode == 0 && limits->framing == FRAME_WEBSOCKET) {
        return session_send_other(s, opcode, data, size); /* a text */
    }
    uint32_t whole = size + s->service->frame_extra_bytes;
    os_mutex_lock(&s->lock);
    segment *tail = sendq_tail(&s->queue, whole);
    portico_status status = session_admit_locked(s, limits, whole, tail != NULL);
    if (status != PORTICO_OK) {
        goto unlock;
    }
    uint8_t *to = tail != NULL ? sendq_fill(&s->queue, tail, whole) : sendq_grow(&s->queue, whole);
    if (to == NULL) {
        status = PORTICO_E_NO_MEMORY;
        goto unlock;
    }
    frame_write(limits->framing, opcode, data, size, to);
    session_packet_queued_locked(s);
unlock:
    os_mutex_unlock(&s->lock);
    return status;
}

/* Makes the frame that all sessions of this framing share. */
static portico_status broadcast_encode(broadcast *b, frame_kind framing, uint32_t limit_bytes) {
    uint32_t whole = 0;
    if (framing == FRAME_WEBSOCKET && b->no_text) {
        return PORTICO_E_INVALID;
    }
    portico_status status =
        websocket_frame_measure(framing, b->opcode, b->data, b->size, limit_bytes, &whole);
    b->no_text = status == PORTICO_E_INVALID;
    if (status != PORTICO_OK) {
        return status;
    }
    shared *made = shared_create(whole);
    if (made == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    websocket_frame_write(framing, b->opcode, b->data, b->size, made->bytes);
    b->frames[framing] = made;
    b->copies++;
    return PORTICO_OK;
}

static portico_status session_share_locked(session *s, broadcast *b, shared *whole) {
    const config_service *limits = s->service->config;
    bool copied = false;
    bool fits = sendq_tail(&s->queue, whole->size) != NULL;
    portico_status status = session_admit_locked(s, limits, whole->size, fits);
    if (status != PORTICO_OK) {
        return status;
    }
    status = sendq_share(&s->queue, whole, &copied);
    if (status != PORTICO_OK) {
        return status;
    }
    b->copies += copied;
    session_packet_queued_locked(s);
    return PORTICO_OK;
}

static portico_status session_send_broadcast(session *s, broadcast *b) {
    const config_service *limits = s->service->config;
    shared **whole = &b->frames[limits->framing];
    portico_status status = PORTICO_OK;
    if (*whole == NULL && limits->framing == FRAME_WEBSOCKET_CLIENT) {
        return send_any(s, b->opcode, b->data, b->size, NULL); /* with a mask of its own */
    }
    if (*whole == NULL) {
        status = broadcast_encode(b, limits->framing, limits->frame_limit_bytes);
    } else if ((*whole)->size > limits->frame_limit_bytes) {
        status = PORTICO_E_TOO_BIG; /* it was made for a session with a higher limit */
    }
    if (status != PORTICO_OK) {
        return status;
    }
    os_mutex_lock(&s->lock);
    status = session_share_locked(s, b, *whole);
    os_mutex_unlock(&s->lock);
    return status;
}

void broadcast_fini(broadcast *b) {
    for (int i = 0; i < FRAME_KINDS_ALL; i++) {
        shared_release(b->frames[i]);
        b->frames[i] = NULL;
    }
}

static uint32_t send_to_members(const portico_session *members, uint32_t count, broadcast *b,
                                uint64_t except) {
    uint32_t sent = 0;
    for (uint32_t i = 0; i < count; i++) {
        session *s = members[i].id != except ? session_find(members[i].id) : NULL;
        if (s != NULL) {
            sent += session_send_broadcast(s, b) == PORTICO_OK;
            session_release(s);
        }
    }
    return sent;
}

uint32_t broadcast_to_members(broadcast *b, member_list list, const void *of, uint64_t except) {
    enum { FEW = 64 };
    portico_session few[FEW];
    uint32_t capacity = FEW;
    portico_session *members = few;
    uint32_t count = list(of, members, capacity);
    while (count > capacity) {
        /* Members may join between the two calls: leave room for some more. */
        capacity = count + count / 8;
        portico_session *more =
            realloc(members == few ? NULL : members, capacity * sizeof *members);
        if (more == NULL) {
            count = 0; /* out of memory: the result says that it was queued for nobody */
            break;
        }
        members = more;
        count = list(of, members, capacity);
    }
    if (trace_on()) {
        traced_broadcast(b, members, count, except);
    }
    uint32_t sent = send_to_members(members, count, b, except);
    session_charge_fanout(sent, b->size);
    stats_add(STAT_broadcasts, sent > 0);
    stats_add(STAT_broadcast_packets, sent);
    stats_add(STAT_broadcast_copies, b->copies);
    if (members != few) {
        free(members);
    }
    return sent;
}

/* recv.c: what comes into a session. See session.h.
 *
 * In OPEN and DRAINING, until the end of the peer's stream has been read, exactly one of these is
 * true: a recv is in flight, the turn has the received bytes and submits the next recv when it is
 * done with them, or the session is slowed. In the last two cases a recv-ready may be in flight as
 * well, and what was read beside a long handler takes the place of a recv (ahead.h). A
 * session without an incomplete frame waits with a recv-ready and holds no receive memory.
 */
#include "session/private.h"

#include "base/invariant.h"
#include "base/stats.h"
#include "os/compiler.h"
#include "session/dispatch.h"
#include "session/traced.h"
#include "session/websocket.h"

#include <string.h>

bool session_recv_locked(session *s, void *data, uint32_t capacity) {
    s->recv_probe = capacity == 0;
    s->recv_armed = true;
    portico_status status = os_recv(s->socket, &s->recv_op, data, capacity);
    if (status == PORTICO_OK) {
        stats_add(STAT_ops_submitted, 1);
        if (capacity != 0) {
            stats_add(STAT_recv_calls, 1);
        }
    } else {
        s->recv_armed = false;
        session_abort_locked(s, status);
    }
    return status == PORTICO_OK;
}

/* The end of what the peer has to say has been received. Whether the session reads on
 * nevertheless, to the end of the stream. */
COLD static bool session_reads_on_locked(session *s) {
    if (s->transport != NULL && s->transport->ended(s)) {
        return true;
    }
    if (s->seal != NULL && s->state == SESSION_OPEN) {
        session_ended_locked(s); /* what came before has been delivered */
    }
    return false;
}

/* Takes over what was read beside a handler (ahead.h), as if a recv had brought it. False: there is
 * nothing to deliver, and a recv is due. */
COLD static bool take_aside_locked(session *s) {
    session_websocket *ws = s->websocket;
    block *aside = ws->aside;
    uint32_t owes = ws->aside_owes;
    bool open = s->state < SESSION_DRAINING;
    s->aside = false;
    ws->aside = NULL;
    ws->aside_owes = 0;
    if (open && owes > 0 && s->service->config->byte_rate != 0) {
        session_charge_bytes_locked(s, owes);
    }
    if (aside == NULL || !open) {
        block_give(aside);
        ws->aside_used = 0;
        return false;
    }
    INVARIANT(s->in_used == 0); /* what was there was whole, and has been delivered */
    block_give(s->in);
    s->in = aside;
    s->in_used = ws->aside_used;
    ws->aside_used = 0;
    s->received_ns = worker_handed_ns();
    session_request_turn_locked(s, TURN_DATA);
    return true;
}

bool session_arm_locked(session *s) {
    bool receives = s->state == SESSION_OPEN || s->state == SESSION_DRAINING;
    if (!receives) {
        return false;
    }
    if (s->aside && take_aside_locked(s)) {
        return false;
    }
    if (s->recv_armed) {
        s->ahead = false;
        return false;
    }
    if (s->peer_ended && !session_reads_on_locked(s)) {
        return false;
    }
    if (s->in == NULL || s->secure != NULL) {
        return session_recv_locked(s, NULL, 0);
    }
    uint32_t space = s->in->capacity - s->in_used;
    if (s->service->looks_at_bytes && s->service->config->byte_rate != 0 &&
        space > s->service->config->byte_rate) {
        space = s->service->config->byte_rate; /* so that no recv owes more than a second */
    }
    return session_recv_locked(s, s->in->bytes + s->in_used, space);
}

static log_kind unknown_opcodes = LOG_KIND("opcodes without a handler");
static log_kind bad_frames = LOG_KIND("bad frames");

/* No module handles the packet. */
COLD static void session_ignore(session *s, const portico_packet *packet) {
    uint16_t opcode = packet->opcode;
    if (trace_on()) {
        traced_rejected(s, NULL, packet, "no module handles it");
    }
    stats_add(STAT_packets_unhandled, 1);
    service_count(&s->service->counts.rejected[REJECTION_unhandled]);
    if (s->service->config->unknown_opcode == CONFIG_UNKNOWN_CLOSE) {
        log_limited(&unknown_opcodes, LOG_INFO, s->service->config->name,
                    "session %llu: no handler for opcode %u: closed",
                    (unsigned long long)s->base.id, opcode);
        session_close(s, PORTICO_E_NOT_FOUND);
    }
}

COLD static void session_refuse_frame(session *s, const char *why) {
    char peer[OS_ADDRESS_TEXT];
    os_address_format(&s->peer, peer);
    service_count(&s->service->counts.rejected[REJECTION_frame]);
    log_limited(&bad_frames, LOG_INFO, s->service->config->name,
                "session %llu of %s: bad %s frame: %s: closed", (unsigned long long)s->base.id,
                peer, frame_name(s->service->config->framing), why);
    session_close(s, PORTICO_E_FRAME);
}

/* Makes room after an incomplete frame. The block doubles only once it is full of received bytes,
 * so a large size in a header alone costs the host nothing. */
static bool session_grow(session *s) {
    if (s->in_used < s->in->capacity) {
        return true;
    }
    block *larger = block_take(s->in->capacity * 2);
    if (larger == NULL) {
        return false;
    }
    memcpy(larger->bytes, s->in->bytes, s->in_used);
    block_give(s->in);
    s->in = larger;
    atomic_store_explicit(&s->grown_bytes, larger->capacity, memory_order_relaxed);
    return true;
}

/* Drops the first `delivered` bytes of the block and keeps the rest. */
static inline void keep_rest(session *s, uint32_t delivered) {
    s->in_used -= delivered;
    if (s->in_used == 0) {
        if (s->in != NULL && s->in->capacity != BLOCK_BYTES) {
            atomic_store_explicit(&s->grown_bytes, 0, memory_order_relaxed);
        }
        block_give(s->in);
        s->in = NULL;
        atomic_store_explicit(&s->frame_since_ms, 0, memory_order_relaxed);
        return;
    }
    if (delivered > 0) {
        memmove(s->in->bytes, s->in->bytes + delivered, s->in_used);
    }
    if (delivered > 0 || s->frame_since_ms == 0) {
        atomic_store_explicit(&s->frame_since_ms, worker_now_ms(), memory_order_relaxed);
    }
    bool reads_on = s->parks_at == NULL && s->over_until_ns == 0;
    if (reads_on && !session_grow(s)) {
        session_abort(s, PORTICO_E_NO_MEMORY);
    }
}

/* Not the same function: for each packet, a call would cost more. */
COLD void session_keep_rest(session *s, uint32_t delivered) {
    keep_rest(s, delivered);
}

/* Reads the next frame, `at` bytes into the block. False: it is incomplete, the session is over a
 * rate, or it closes. */
static bool session_next_frame(session *s, uint32_t at, frame *f) {
    const config_service *limits = s->service->config;
    const char *why = NULL;
    frame_result result = frame_parse(limits->framing, s->in->bytes + at, s->in_used - at,
                                      limits->frame_limit_bytes, &s->in_scanned, f, &why);
    if (result == FRAME_INCOMPLETE) {
        return false;
    }
    if (result == FRAME_BROKEN) {
        session_refuse_frame(s, why);
        return false;
    }
    return !s->service->rates_packets || session_charge_packet(s);
}

/* The complete frames of the receive block, while they are delivered. */
typedef struct delivery {
    session *s;
    uint32_t delivered; /* bytes */
    dispatch_run run;
    portico_packet packet; /* that is being delivered ... */
    uint8_t *end;          /* ... with a zero byte after its payload, instead of `kept` */
    uint8_t kept;
    uint32_t packets; /* apart from `delivered`: gcc would add to both at once, which is slower */
} delivery;

/* A thread delivers one packet at a time. Not in the delivery, which is on the stack for every
 * packet. */
static _Thread_local call delivered_call;

static call *describe_delivery(void *arg) {
    const delivery *d = arg;
    dispatch_describe(d->s, &d->run, &d->packet, &delivered_call);
    return &delivered_call;
}

/* Runs the handler of one packet. False: the session parks, and the packet is to come again. */
static bool session_deliver(delivery *d, const frame *f) {
    session *s = d->s;
    d->end = s->in->bytes + (f->data - s->in->bytes) + f->size;
    d->kept = *d->end;
    *d->end = 0;
    d->packet.data = f->data;
    d->packet.size = f->size;
    d->packet.opcode = f->opcode;
    passage p = dispatch_packet(s, &d->run, &d->packet);
    *d->end = d->kept;
    if (p == GATE_NEVER) {
        session_ignore(s, &d->packet);
    }
    return p != GATE_PARK;
}

/* Delivers until there is no complete frame, or the session closes, moves or parks. */
NO_CANARY static void deliver_frames(void *arg) {
    delivery *d = arg;
    session *s = d->s;
    frame f;
    while (d->delivered < s->in_used && s->state == SESSION_OPEN && !session_is_moving(s) &&
           session_next_frame(s, d->delivered, &f)) {
        d->delivered += f.frame_bytes;
        d->packets++;
        if (!session_deliver(d, &f)) {
            d->delivered -= f.frame_bytes;
            d->packets--;
            session_return_packet(s);
            break;
        }
    }
}

/* A handler has faulted: its packet is dropped. Inside its gate. */
COLD static void delivery_faulted(delivery *d, const call *fault) {
    *d->end = d->kept;
    call_pay(d->s, fault);
    dispatch_end(&d->run);
}

void session_deliver_received(session *s) {
    delivery d;
    d.s = s;
    d.delivered = 0;
    d.packets = 0;
    d.run.inside = NULL;
    d.run.handler = NULL;
    d.packet.reserved = 0;
    const call *fault = NULL;
    bool over = s->over_until_ns != 0 && session_is_over(s);
    while (!over && (fault = call_span(deliver_frames, &d, describe_delivery)) != NULL) {
        delivery_faulted(&d, fault);
    }
    dispatch_end(&d.run);
    if (d.packets > 0) {
        atomic_store_explicit(&s->last_packet_ms, worker_now_ms(), memory_order_relaxed);
        atomic_store_explicit(&s->spoke, true, memory_order_relaxed);
        flow_add(s->service->flow, FLOW_PACKETS_IN, d.packets);
    }
    /* A closing session drops the rest, so that the block has room to read to the end of the
     * stream. */
    keep_rest(s, s->state == SESSION_OPEN ? d.delivered : s->in_used);
    if (s->parks_at != NULL) {
        return; /* the turn leaves TURN_DATA for later */
    }
    if (s->over_until_ns != 0) {
        if (session_slow(s)) {
            return; /* the sweep requests TURN_DATA */
        }
        session_keep_rest(s, s->in_used); /* it closes: as above */
    }
    if (s->in != NULL && session_is_moving(s)) {
        os_mutex_lock(&s->lock);
        session_request_turn_locked(s, TURN_DATA); /* for the place that it moves to */
        os_mutex_unlock(&s->lock);
    } else {
        s->rearm = true;
    }
}

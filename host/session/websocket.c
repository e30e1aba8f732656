/* websocket.c: see websocket.h. Receiving and sending after the handshake. */
#include "session/websocket.h"

#include "base/stats.h"
#include "base/status.h"
#include "os/compiler.h"
#include "session/ahead.h"
#include "session/private.h"

#include <string.h>

/* Pings without an answer, the ping_s before the first of them included, until the peer is taken
 * for dead. */
enum { SILENCES_MOST = 3 };

static log_kind bad_messages = LOG_KIND("bad WebSocket frames");

/* ---- what goes out --------------------------------------------------------------------------- */

static void queue_control_locked(session *s, websocket_opcode opcode, const uint8_t *payload,
                                 uint32_t size) {
    uint8_t control[WEBSOCKET_CONTROL_FRAME_MAX];
    uint8_t mask[4];
    const uint8_t *masked = websocket_make_mask(s->service->config->framing, mask);
    uint32_t whole = websocket_write_control(control, masked, opcode, payload, size);
    if (session_queue_locked(s, control, whole, false) == PORTICO_E_NO_MEMORY) {
        session_abort_locked(s, PORTICO_E_NO_MEMORY); /* the peer would wait for it */
    }
}

/* ---- what comes in --------------------------------------------------------------------------- */

static void websocket_heard(session_websocket *ws, uint64_t now_ms) {
    ws->heard_ms = now_ms;
    ws->silences = 0;
}

static void websocket_ping_locked(session *s, uint64_t now_ms) {
    s->websocket->pinged_ms = now_ms;
    queue_control_locked(s, WEBSOCKET_PING, NULL, 0);
}

static uint64_t later(uint64_t a_ms, uint64_t b_ms) {
    return a_ms > b_ms ? a_ms : b_ms;
}

/* Pings go on nevertheless: proxies end a connection that is quiet for long. */
static void websocket_waits(session *s, uint64_t now_ms) {
    session_websocket *ws = s->websocket;
    uint64_t ping_ms = s->service->config->ping_s * 1000ull;
    websocket_heard(ws, now_ms);
    if (ping_ms != 0 && s->state == SESSION_OPEN &&
        now_ms >= later(ws->came_ms, ws->pinged_ms) + ping_ms) {
        websocket_ping_locked(s, now_ms);
    }
}

static void on_control_locked(void *arg, websocket_opcode opcode, const uint8_t *payload,
                              uint32_t size) {
    if (opcode == WEBSOCKET_PING) {
        queue_control_locked(arg, WEBSOCKET_PONG, payload, size);
    }
}

static void log_refused(const session *s, const char *why) {
    char peer[OS_ADDRESS_TEXT];
    os_address_format(&s->peer, peer);
    log_limited(&bad_messages, LOG_INFO, s->service->config->name,
                "session %llu of %s: bad WebSocket frame: %s: closed",
                (unsigned long long)s->base.id, peer, why);
}

/* The end, by a close frame or because of an error, is not acted on yet: nothing is received before
 * what came earlier has been delivered. */
COLD static void note_end_locked(session *s, uint16_t code, const char *why) {
    session_websocket *ws = s->websocket;
    if (why != NULL) {
        service_count(&s->service->counts.rejected[REJECTION_websocket]);
        log_refused(s, why);
    }
    ws->close_code = code;
    ws->close_why = why;
    ws->end_reason = why != NULL ? PORTICO_E_FRAME : PORTICO_E_EOF;
    if (s->state == SESSION_OPENING || s->state == SESSION_OPEN) {
        ws->ended = true;
        s->peer_ended = true;
    }
}

static uint64_t look_due_ms(const session_websocket *ws) {
    return later(ws->came_ms, ws->looked_ms) + AHEAD_LOOK_MS;
}

static void websocket_received(session *s, uint8_t *bytes, uint32_t *used, uint32_t fresh) {
    session_websocket *ws = s->websocket;
    const char *why = NULL;
    uint64_t now_ms = worker_now_ms();
    if (now_ms >= look_due_ms(ws)) {
        entity_sweep_soon(&s->base); /* it has stopped looking */
    }
    ws->came_ms = now_ms;
    websocket_heard(ws, now_ms);
    uint16_t code =
        websocket_take(&ws->received, bytes, used, fresh, s->service->config->frame_limit_bytes,
                       on_control_locked, s, &why);
    if (code != 0) {
        note_end_locked(s, code, why);
    }
}

bool websocket_look(session_websocket *ws, uint64_t now_ms) {
    bool due = now_ms >= look_due_ms(ws);
    ws->looked_ms = due ? now_ms : ws->looked_ms;
    return due;
}

COLD static bool websocket_ended(session *s) {
    if (!s->websocket->ended || s->state != SESSION_OPEN) {
        return false;
    }
    session_close_locked(s, s->websocket->end_reason);
    return s->state == SESSION_DRAINING;
}

/* ---- the end --------------------------------------------------------------------------------- */

static uint16_t code_of(portico_status reason) {
    switch (reason) {
    case PORTICO_E_SHUTDOWN:
    case PORTICO_E_UNLOADED: return WEBSOCKET_GOING_AWAY;
    case PORTICO_E_FRAME: return WEBSOCKET_PROTOCOL_ERROR;
    case PORTICO_E_FLOOD:
    case PORTICO_E_KICKED:
    case PORTICO_E_TIMEOUT:
    case PORTICO_E_REFUSED: return WEBSOCKET_POLICY;
    case PORTICO_E_NO_MEMORY:
    case PORTICO_E_FAULT: return WEBSOCKET_SERVER_ERROR;
    case PORTICO_E_LIMIT: return WEBSOCKET_TRY_AGAIN;
    default: return WEBSOCKET_NORMAL;
    }
}

COLD static void websocket_closes(session *s, portico_status reason) {
    session_websocket *ws = s->websocket;
    uint8_t control[WEBSOCKET_CONTROL_FRAME_MAX];
    uint8_t mask[4];
    bool answers = ws->ended && reason == ws->end_reason;
    uint16_t code = answers ? ws->close_code : code_of(reason);
    if (ws->ended) {
        ws->ended = false;
        s->peer_ended = false; /* its stream has not: it is read to its end */
    }
    if (s->state == SESSION_OPENING || s->state == SESSION_OPEN) {
        const uint8_t *masked = websocket_make_mask(s->service->config->framing, mask);
        const char *why = answers ? ws->close_why : NULL;
        uint32_t size = websocket_write_close(control, masked, code, why);
        (void)session_queue_locked(s, control, size, true);
    }
}

/* Returns when to look again. */
static uint64_t sweep_pings(session *s, uint64_t now_ms) {
    session_websocket *ws = s->websocket;
    uint64_t ping_ms = s->service->config->ping_s * 1000ull;
    uint64_t due_ms = ws->heard_ms + ping_ms * (ws->silences + 1ull);
    if (ping_ms == 0) {
        return ENTITY_SWEEP_LATER;
    }
    if (now_ms < due_ms) {
        return due_ms;
    }
    if (!s->recv_armed) { /* a handler takes long, and nobody reads what the peer sends */
        websocket_waits(s, now_ms);
        return now_ms + ping_ms;
    }
    ws->silences++;
    if (ws->silences >= SILENCES_MOST) {
        log_debug(s->service->config->name, "session %llu answers no ping: closed",
                  (unsigned long long)s->base.id);
        session_close_locked(s, PORTICO_E_TIMEOUT);
    } else {
        websocket_ping_locked(s, now_ms);
    }
    return now_ms + ping_ms;
}

/* A session that receives, and has been quiet, need not be looked at before something comes. */
COLD static uint64_t websocket_sweep(session *s, uint64_t now_ms) {
    uint64_t due_ms = sweep_pings(s, now_ms);
    uint64_t look_ms = look_due_ms(s->websocket);
    if (now_ms >= look_ms) {
        look_ms = s->recv_armed ? ENTITY_SWEEP_LATER : now_ms + AHEAD_LOOK_MS;
    }
    return due_ms < look_ms ? due_ms : look_ms;
}

const transport websocket_transport = {.received = websocket_received,
                                       .ended = websocket_ended,
                                       .closes = websocket_closes,
                                       .waits = websocket_waits,
                                       .sweep = websocket_sweep};

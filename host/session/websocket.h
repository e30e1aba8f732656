/* websocket.h: sessions whose transport is WebSocket. See session.h; web/websocket.h has the
 * frames.
 *
 * Received bytes are turned into records as soon as they are there, and control frames answered;
 * the session's turn delivers the packets.
 */
#ifndef PORTICO_SESSION_WEBSOCKET_H
#define PORTICO_SESSION_WEBSOCKET_H

#include "session/handshake.h"
#include "session/websocket_frame.h"
#include "web/handshake.h"

/* The request for an upgrade and its answer, for both sides. It sets the session's transport. */
extern const handshake_layer websocket_layer;

extern const transport websocket_transport;

typedef struct session_websocket {
    /* [lock] */
    websocket received;
    block *aside;              /* what was read beside a running handler; NULL: nothing ... */
    uint32_t aside_used;       /* ... that is to be delivered */
    uint32_t aside_owes;       /* bytes of it that byte_rate has not been charged */
    uint8_t silences;          /* times of ping_s without a byte from the peer */
    bool ended;                /* the peer's close frame or violation is known, but not acted on */
    uint16_t close_code;       /* the answer to it, ... */
    const char *close_why;     /* ... the reason in words, or NULL, ... */
    portico_status end_reason; /* ... and that of the session */
    uint64_t came_ms;          /* when the last bytes came, ... */
    uint64_t heard_ms;         /* ... or what counts as that */
    uint64_t pinged_ms;        /* when the last ping went */
    uint64_t looked_ms;        /* when ahead.h last looked for bytes */
    bool served;               /* [turn] it has asked for a file */
    bool asks;                 /* a file is being read (page.h), ... */
    struct shared *page;       /* ... and this is the answer, before it is sent */
    uint8_t nonce[HANDSHAKE_NONCE_BYTES]; /* [turn] of a client's handshake */
} session_websocket;

/* Whether it is time to look for bytes, since none have come for AHEAD_LOOK_MS: notes that it has
 * been done. [lock] */
bool websocket_look(session_websocket *ws, uint64_t now_ms);

#endif

/* websocket.h: sessions whose transport is WebSocket. See session.h; web/websocket.h has the
 * frames.
 *
 * Received bytes are turned into records in the session's turn, before the packets in them are
 * delivered.
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
    websocket received;   /* [turn] */
    uint32_t fresh_bytes; /* at the end of the receive block: not looked at. [as session.in] */
    /* [lock] */
    uint8_t silences;          /* times of ping_s without a byte from the peer */
    bool ended;                /* the peer's close frame or violation is known, but not acted on */
    uint16_t close_code;       /* the answer to it, ... */
    const char *close_why;     /* ... the reason in words, or NULL, ... */
    portico_status end_reason; /* ... and that of the session */
    uint64_t heard_ms;         /* when the last bytes came, or what counts as that */
    uint64_t quiet_ms;         /* when they really came, or the last ping went */
    bool served;               /* [turn] it has asked for a file */
    bool asks;                 /* a file is being read (page.h), ... */
    struct shared *page;       /* ... and this is the answer, before it is sent */
    uint8_t nonce[HANDSHAKE_NONCE_BYTES]; /* [turn] of a client's handshake */
} session_websocket;

#endif

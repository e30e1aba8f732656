/* websocket.h: the frames of WebSocket, RFC 6455 sections 5 to 8. Pure, any thread.
 *
 * RECEIVING works in place, on the block that a session receives into. websocket_take looks at the
 * bytes that were added, and replaces frames by records, which need no more bytes than the frames:
 *
 *   - A message becomes one record: its payload is unmasked, and those of its fragments are joined.
 *   - Control frames are cut out, and handed to `on_control`.
 *   - An incomplete message stays after the last whole record: an unfinished record, then perhaps
 *     the beginning of a frame.
 *
 * wire/frame.h says what a record is: frame_parse reads it, and sees an incomplete frame in what is
 * not whole. One memory therefore holds what a client sends, its size is limited before it is
 * allocated, and a packet may be delivered again.
 *
 * A packet is a binary message of an opcode (uint16, little endian) and a payload, or a text
 * message, whose opcode is 0.
 */
#ifndef PORTICO_WEB_WEBSOCKET_H
#define PORTICO_WEB_WEBSOCKET_H

#include "web/utf8.h"

#include <portico/status.h>

typedef enum websocket_opcode {
    WEBSOCKET_CONTINUATION = 0,
    WEBSOCKET_TEXT = 1,
    WEBSOCKET_BINARY = 2,
    WEBSOCKET_CLOSE = 8,
    WEBSOCKET_PING = 9,
    WEBSOCKET_PONG = 10
} websocket_opcode;

/* Why a connection is closed: section 7.4.1. */
enum {
    WEBSOCKET_NORMAL = 1000,
    WEBSOCKET_GOING_AWAY = 1001,
    WEBSOCKET_PROTOCOL_ERROR = 1002,
    WEBSOCKET_NO_CODE = 1005, /* never sent: a close frame without a code */
    WEBSOCKET_BAD_TEXT = 1007,
    WEBSOCKET_POLICY = 1008,
    WEBSOCKET_TOO_BIG = 1009,
    WEBSOCKET_SERVER_ERROR = 1011,
    WEBSOCKET_TRY_AGAIN = 1013 /* registered with IANA */
};

enum {
    WEBSOCKET_HEADER_MAX = 14,
    WEBSOCKET_CONTROL_MAX = 125, /* the payload of a control frame */
    WEBSOCKET_CONTROL_FRAME_MAX = WEBSOCKET_CONTROL_MAX + 6
};

/* The state of one receiving side. All bytes zero: a server's before the first byte. */
typedef struct websocket {
    bool client;         /* it is the client: what it receives is not masked */
    bool final;          /* the current frame ends its message */
    uint8_t opcode;      /* of the message in progress; 0: there is none */
    uint8_t head;        /* bytes of its record before the payload, ... */
    uint32_t payload;    /* ... and of the payload, so far */
    uint32_t left;       /* bytes of the current frame's payload that are missing */
    uint32_t raw;        /* bytes at the end of the block that are the beginning of a frame */
    uint8_t mask[4];     /* for the next of these bytes */
    utf8 text;           /* of a text message */
    uint16_t close_code; /* of the close frame that ended it; 0: none has */
} websocket;

/* A ping, pong or close frame, unmasked. */
typedef void (*websocket_on_control)(void *arg, websocket_opcode opcode, const uint8_t *payload,
                                     uint32_t size);

/* Whether what was taken so far ends at the end of a message. */
static inline bool websocket_between(const websocket *w) {
    return w->opcode == 0 && w->raw == 0;
}

/* Looks at `fresh` bytes that were added to the *size bytes of the block, which it changes. A
 * message's record has at most `limit_bytes`. 0: everything is well. Others: the connection must be
 * closed with that code, and *why, a constant, says what is wrong; or a close frame has ended it,
 * and *why is NULL. Whole records before that remain; the function must not be called again. */
uint16_t websocket_take(websocket *w, uint8_t *bytes, uint32_t *size, uint32_t fresh,
                        uint32_t limit_bytes, websocket_on_control on_control, void *arg,
                        const char **why);

/* The size of the frame of a packet with that payload; `masked`: of a client's. */
uint64_t websocket_frame_bytes(bool masked, uint16_t opcode, uint32_t size);

/* Writes that frame. `mask`: four random bytes, for a client's; NULL: a server's. A packet of
 * opcode 0 must be text. */
void websocket_write(uint8_t *to, const uint8_t *mask, uint16_t opcode, const void *data,
                     uint32_t size);

/* Writes what precedes a text of that size in a server's frame. Returns its size. */
uint32_t websocket_write_text_head(uint8_t to[WEBSOCKET_HEADER_MAX], uint32_t size);

/* Writes a control frame of at most WEBSOCKET_CONTROL_MAX bytes of payload. Returns its size. */
uint32_t websocket_write_control(uint8_t to[WEBSOCKET_CONTROL_FRAME_MAX], const uint8_t *mask,
                                 websocket_opcode opcode, const void *payload, uint32_t size);

/* The same for a close frame; `why` may be NULL. WEBSOCKET_NO_CODE: without a code. */
uint32_t websocket_write_close(uint8_t to[WEBSOCKET_CONTROL_FRAME_MAX], const uint8_t *mask,
                               uint16_t code, const char *why);

#endif

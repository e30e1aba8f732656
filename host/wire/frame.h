/* frame.h: where one packet ends and the next begins. Pure: no state, no I/O, any thread.
 *
 *   u16   uint16 size (whole frame), uint16 opcode, payload          little endian
 *   u32   uint32 size (whole frame), uint16 opcode, uint16 zero, payload
 *   line  text up to LF or CRLF; the line end is not part of the payload; opcode 0
 *   raw   bytes as they come; opcode 0
 *
 * Frames of WebSocket are turned into records first (web/websocket.h):
 *
 *   byte  0      0x41: a text, opcode 0; 0x42: opcode and payload; anything else: an incomplete
 *                one, or bytes that are no record yet
 *         1      the size S of what follows the head, below 126: the head has 2 bytes; or
 *                126: S is in bytes 2 and 3, the head has 4; or
 *                128 + the bytes of the head, at least 6: S is in bytes 2 to 5
 *         head   a text; or uint16 opcode, payload; S bytes, little endian like S
 */
#ifndef PORTICO_FRAME_H
#define PORTICO_FRAME_H

#include <portico/status.h>

#include <stdbool.h>
#include <stdint.h>

/* FRAME_KINDS: the framings of a stream of bytes. The others are written by
 * web/websocket.h: a broadcast may be shared by those who receive it as WEBSOCKET; as
 * WEBSOCKET_CLIENT, each frame has a mask of its own. */
typedef enum frame_kind {
    FRAME_U16,
    FRAME_U32,
    FRAME_LINE,
    FRAME_RAW,
    FRAME_KINDS,
    FRAME_WEBSOCKET = FRAME_KINDS,
    FRAME_WEBSOCKET_CLIENT,
    FRAME_KINDS_ALL
} frame_kind;

enum { FRAME_BYTES_MAX = 64 * 1024 * 1024 }; /* no framing has larger frames */

/* "u16", "u32", "line", "raw", NULL: by frame_kind. */
extern const char *const frame_names[FRAME_KINDS + 1];

/* The same for all kinds: also "websocket". */
const char *frame_name(frame_kind kind);

/* The smallest and the largest whole frame of a framing. Every `limit_bytes` below is between the
 * two: the configuration allows no other. For WebSocket, this is the only function but
 * frame_parse. */
uint32_t frame_least_bytes(frame_kind kind);
uint32_t frame_most_bytes(frame_kind kind);

/* The bytes that a framing adds to a payload. */
uint32_t frame_extra_bytes(frame_kind kind);

typedef struct frame {
    const uint8_t *data;  /* the payload, inside the parsed bytes */
    uint32_t size;        /* of the payload */
    uint32_t frame_bytes; /* of the whole frame: the next one begins there */
    uint16_t opcode;
} frame;

typedef enum frame_result {
    FRAME_WHOLE,      /* *f is the frame */
    FRAME_INCOMPLETE, /* more bytes are needed; f->frame_bytes is the frame's size, 0 if unknown */
    FRAME_BROKEN      /* the bytes break the rules or the limit; *why, a constant, says how */
} frame_result;

/* Looks for one frame of at most `limit_bytes` at the start of `bytes`. `*scanned` is how far a
 * `line` has been searched: the caller sets it to 0 once and keeps it between calls. */
frame_result frame_parse(frame_kind kind, const uint8_t *bytes, uint32_t size, uint32_t limit_bytes,
                         uint32_t *scanned, frame *f, const char **why);

/* Records. The smallest head of one with `size` bytes. */
uint32_t frame_record_head(uint32_t size);
/* A record begins here: frame_parse sees an incomplete frame. */
void frame_record_begin(uint8_t *record);
/* The record is whole. */
void frame_record_end(uint8_t *record, bool text, uint32_t head, uint32_t size);

/* Computes the size of the frame for a payload of `size` bytes. PORTICO_E_TOO_BIG: it would exceed
 * `limit_bytes`. */
portico_status frame_measure(frame_kind kind, uint32_t size, uint32_t limit_bytes,
                             uint32_t *frame_bytes);

/* A frame that a server of WebSocket sends most of the time: of a binary message, with a payload of
 * fewer than FRAME_WEBSOCKET_SMALL bytes. */
enum { FRAME_WEBSOCKET_SMALL_EXTRA = 4, FRAME_WEBSOCKET_SMALL = 124 };

/* Writes that frame to `to`, which has room for it. `data` may be NULL if `size` is 0. Of the other
 * kinds only small ones of WEBSOCKET, whose opcode is not 0. */
void frame_write(frame_kind kind, uint16_t opcode, const void *data, uint32_t size, uint8_t *to);

#endif

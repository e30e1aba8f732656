/* frame.h: where one packet ends and the next begins. Pure: no state, no I/O, any thread.
 *
 *   u16   uint16 size (whole frame), uint16 opcode, payload          little endian
 *   u32   uint32 size (whole frame), uint16 opcode, uint16 zero, payload
 *   line  text up to LF or CRLF; the line end is not part of the payload; opcode 0
 *   raw   bytes as they come; opcode 0
 */
#ifndef PORTICO_FRAME_H
#define PORTICO_FRAME_H

#include <portico/status.h>

#include <stdbool.h>
#include <stdint.h>

typedef enum frame_kind { FRAME_U16, FRAME_U32, FRAME_LINE, FRAME_RAW, FRAME_KINDS } frame_kind;

enum { FRAME_BYTES_MAX = 64 * 1024 * 1024 }; /* no framing has larger frames */

/* "u16", "u32", "line", "raw", NULL: by frame_kind. */
extern const char *const frame_names[FRAME_KINDS + 1];

/* The smallest and the largest whole frame of a framing. Every `limit_bytes` below is between the
 * two: the configuration allows no other. */
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

/* Computes the size of the frame for a payload of `size` bytes. PORTICO_E_TOO_BIG: it would exceed
 * `limit_bytes`. */
portico_status frame_measure(frame_kind kind, uint32_t size, uint32_t limit_bytes,
                             uint32_t *frame_bytes);

/* Writes that frame to `to`, which has room for it. `data` may be NULL if `size` is 0. */
void frame_write(frame_kind kind, uint16_t opcode, const void *data, uint32_t size, uint8_t *to);

#endif

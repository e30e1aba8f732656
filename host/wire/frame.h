/* frame.h: where one packet ends and the next begins. Pure: no state, no I/O, any thread.
 *
 *   u16   uint16 size (whole frame), uint16 opcode, payload          little endian
 *   u32   uint32 size (whole frame), uint16 opcode, uint16 zero, payload
 *   line  text up to LF or CRLF, which are not part of it; opcode 0
 *   raw   bytes as they come; opcode 0
 */
#ifndef PORTICO_FRAME_H
#define PORTICO_FRAME_H

#include <portico/status.h>

#include <stdbool.h>
#include <stdint.h>

typedef enum frame_kind { FRAME_U16, FRAME_U32, FRAME_LINE, FRAME_RAW, FRAME_KINDS } frame_kind;

typedef struct frame {
    const uint8_t *data;  /* the payload, inside the bytes that were given */
    uint32_t size;        /* of the payload */
    uint32_t frame_bytes; /* of the whole frame: the next one begins there */
    uint16_t opcode;
} frame;

/* Looks for one frame at the start of `bytes`.
 *   PORTICO_OK       *f is it
 *   PORTICO_E_STATE  more bytes are needed; f->frame_bytes is how many the frame has, or 0 if not known yet
 *   PORTICO_E_FRAME  the bytes break the rules; *why (a constant) says how
 *   PORTICO_E_TOO_BIG the frame is larger than `limit_bytes`; *why likewise
 * `scanned` is kept by the caller between calls for the same frame (0 at first): how far `line` has
 * looked. */
portico_status frame_parse(frame_kind kind, const uint8_t *bytes, uint32_t size,
                           uint32_t limit_bytes, uint32_t *scanned, frame *f, const char **why);

/* How many bytes the frame of a payload of `size` bytes has. PORTICO_E_TOO_BIG when that is more than `limit_bytes`, or than
 * the framing can say. */
portico_status frame_measure(frame_kind kind, uint32_t size, uint32_t limit_bytes,
                             uint32_t *frame_bytes);

/* Writes such a frame; `to` has room for it. `data` may be NULL when `size` is 0. */
void frame_write(frame_kind kind, uint16_t opcode, const void *data, uint32_t size, uint8_t *to);

/* "u16", "u32", "line", "raw". */
const char *frame_name(frame_kind kind);
bool frame_kind_from_name(const char *name, frame_kind *kind);

#endif

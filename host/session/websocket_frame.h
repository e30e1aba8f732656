/* websocket_frame.h: the frames that a session sends, over WebSocket or in any other framing. Any
 * thread. */
#ifndef PORTICO_SESSION_WEBSOCKET_FRAME_H
#define PORTICO_SESSION_WEBSOCKET_FRAME_H

#include "web/websocket.h"
#include "wire/frame.h"

/* The size of the frame of a packet. PORTICO_E_TOO_BIG: it would exceed the limit.
 * PORTICO_E_INVALID: over WebSocket, opcode 0 is for text, and the payload is not UTF-8. */
portico_status websocket_frame_measure(frame_kind kind, uint16_t opcode, const void *data,
                                       uint32_t size, uint32_t limit_bytes, uint32_t *frame_bytes);
/* Writes it. */
void websocket_frame_write(frame_kind kind, uint16_t opcode, const void *data, uint32_t size,
                           uint8_t *to);

/* The mask of one frame, which the peer must not be able to foresee: section 10.3. NULL: a
 * server's. */
const uint8_t *websocket_make_mask(frame_kind kind, uint8_t mask[4]);

#endif

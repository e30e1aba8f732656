/* websocket_frame.c: see websocket_frame.h. */
#include "session/websocket_frame.h"

#include "base/random.h"

#include <string.h>

const uint8_t *websocket_make_mask(frame_kind kind, uint8_t mask[4]) {
    if (kind != FRAME_WEBSOCKET_CLIENT) {
        return NULL;
    }
    uint64_t number = random_number();
    memcpy(mask, &number, 4);
    return mask;
}

portico_status websocket_frame_measure(frame_kind kind, uint16_t opcode, const void *data,
                                       uint32_t size, uint32_t limit_bytes, uint32_t *frame_bytes) {
    if (kind < FRAME_KINDS) {
        return frame_measure(kind, size, limit_bytes, frame_bytes);
    }
    uint64_t whole = websocket_frame_bytes(kind == FRAME_WEBSOCKET_CLIENT, opcode, size);
    *frame_bytes = (uint32_t)whole;
    if (whole > limit_bytes) {
        return PORTICO_E_TOO_BIG;
    }
    return opcode != 0 || utf8_is_text(data, size) ? PORTICO_OK : PORTICO_E_INVALID;
}

void websocket_frame_write(frame_kind kind, uint16_t opcode, const void *data, uint32_t size,
                           uint8_t *to) {
    uint8_t mask[4];
    if (kind < FRAME_KINDS) {
        frame_write(kind, opcode, data, size, to);
        return;
    }
    websocket_write(to, websocket_make_mask(kind, mask), opcode, data, size);
}

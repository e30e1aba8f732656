/* websocket_write.c: see websocket.h. Sending. */
#include "web/mask.h"
#include "web/websocket.h"

#include <string.h>

enum { OPCODE_BYTES = 2, SMALL_MAX = 125 };

/* The payload of the frame of a packet: a text has no opcode in front of it. */
static uint64_t message_bytes(uint16_t opcode, uint32_t size) {
    return opcode == 0 ? size : (uint64_t)size + OPCODE_BYTES;
}

static uint32_t header_bytes(bool masked, uint64_t size) {
    return (size < 126 ? 2u : size <= UINT16_MAX ? 4u : 10u) + (masked ? 4u : 0u);
}

uint64_t websocket_frame_bytes(bool masked, uint16_t opcode, uint32_t size) {
    uint64_t message = message_bytes(opcode, size);
    return message + header_bytes(masked, message);
}

/* Writes the header of an unfragmented frame. Returns where its payload begins. */
static uint8_t *write_header(uint8_t *to, const uint8_t *mask, websocket_opcode opcode,
                             uint64_t size) {
    uint32_t extra = size < 126 ? 0 : size <= UINT16_MAX ? 2 : 8;
    to[0] = (uint8_t)(0x80 | opcode);
    to[1] = (uint8_t)(extra == 0 ? size : extra == 2 ? 126 : 127);
    for (uint32_t i = 0; i < extra; i++) {
        to[2 + i] = (uint8_t)(size >> 8 * (extra - 1 - i));
    }
    to += 2 + extra;
    if (mask != NULL) {
        to[-1 - (int)extra] |= 0x80;
        memcpy(to, mask, 4);
        to += 4;
    }
    return to;
}

void websocket_write(uint8_t *to, const uint8_t *mask, uint16_t opcode, const void *data,
                     uint32_t size) {
    uint64_t message = message_bytes(opcode, size);
    if (mask == NULL && opcode != 0 && message <= SMALL_MAX) { /* the same as below, sooner */
        to[0] = 0x80 | WEBSOCKET_BINARY;
        to[1] = (uint8_t)message;
        to[2] = (uint8_t)opcode;
        to[3] = (uint8_t)(opcode >> 8);
        if (size > 0) {
            memcpy(to + 4, data, size);
        }
        return;
    }
    uint8_t *payload =
        write_header(to, mask, opcode == 0 ? WEBSOCKET_TEXT : WEBSOCKET_BINARY, message);
    uint8_t *at = payload;
    if (opcode != 0) {
        *at++ = (uint8_t)opcode;
        *at++ = (uint8_t)(opcode >> 8);
    }
    if (size > 0) {
        memcpy(at, data, size);
    }
    if (mask != NULL) {
        uint8_t turning[4];
        memcpy(turning, mask, sizeof turning);
        mask_copy(payload, payload, (uint32_t)message, turning);
    }
}

uint32_t websocket_write_text_head(uint8_t to[WEBSOCKET_HEADER_MAX], uint32_t size) {
    return (uint32_t)(write_header(to, NULL, WEBSOCKET_TEXT, size) - to);
}

uint32_t websocket_write_control(uint8_t to[WEBSOCKET_CONTROL_FRAME_MAX], const uint8_t *mask,
                                 websocket_opcode opcode, const void *payload, uint32_t size) {
    uint8_t *at = write_header(to, mask, opcode, size);
    if (size > 0) {
        memcpy(at, payload, size);
    }
    if (mask != NULL) {
        uint8_t turning[4];
        memcpy(turning, mask, sizeof turning);
        mask_copy(at, at, size, turning);
    }
    return (uint32_t)(at - to) + size;
}

uint32_t websocket_write_close(uint8_t to[WEBSOCKET_CONTROL_FRAME_MAX], const uint8_t *mask,
                               uint16_t code, const char *why) {
    uint8_t payload[WEBSOCKET_CONTROL_MAX];
    size_t size = why != NULL ? strlen(why) : 0;
    if (code == WEBSOCKET_NO_CODE) {
        return websocket_write_control(to, mask, WEBSOCKET_CLOSE, NULL, 0);
    }
    size = size < sizeof payload - 2 ? size : sizeof payload - 2;
    payload[0] = (uint8_t)(code >> 8);
    payload[1] = (uint8_t)code;
    if (size > 0) {
        memcpy(payload + 2, why, size);
    }
    return websocket_write_control(to, mask, WEBSOCKET_CLOSE, payload, (uint32_t)size + 2);
}

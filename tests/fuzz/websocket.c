/* websocket.c: what a peer sends over WebSocket. However it is cut into pieces, and whenever
 * records are taken out of the block, the same packets and control frames come of it, and the same
 * end. A packet that is written again is the same when it is read.
 *
 * Input: a byte, whether a client receives and how many bytes a piece has; the limit, uint16; then
 * what was received.
 *
 * Covers: web/websocket.c, web/websocket_write.c, web/utf8.c, wire/frame.c */
#include "fuzz.h"
#include "web/websocket.h"
#include "wire/frame.h"

enum { ROOM = 1 << 20 };

/* What came of the bytes. */
typedef struct outcome {
    uint16_t code;
    const char *why;
    size_t packet_bytes;
    size_t control_bytes;
    uint8_t *packets; /* opcode, size and payload, one after another */
    uint8_t *controls;
} outcome;

static void put(uint8_t *to, size_t *used, uint16_t opcode, const uint8_t *data, uint32_t size) {
    CHECK(*used + size + 8 <= ROOM);
    memcpy(to + *used, &opcode, sizeof opcode);
    memcpy(to + *used + 2, &size, sizeof size);
    if (size > 0) {
        memcpy(to + *used + 6, data, size);
    }
    *used += 6 + (size_t)size;
}

static void on_control(void *arg, websocket_opcode opcode, const uint8_t *payload, uint32_t size) {
    outcome *o = arg;
    CHECK(size <= WEBSOCKET_CONTROL_MAX);
    put(o->controls, &o->control_bytes, (uint16_t)opcode, payload, size);
}

/* Writes a packet as this side would, and reads it. */
static void check_written(const frame *f, bool client) {
    static const uint8_t mask[4] = {9, 8, 7, 6};
    outcome o = {.controls = NULL};
    websocket w = {.client = !client};
    uint32_t scanned = 0;
    frame again;
    uint32_t size = (uint32_t)websocket_frame_bytes(client, f->opcode, f->size);
    uint32_t whole = size;
    uint8_t *bytes = malloc(size);
    CHECK(bytes != NULL);
    if (f->opcode != 0 || utf8_is_text(f->data, f->size)) {
        websocket_write(bytes, client ? mask : NULL, f->opcode, f->data, f->size);
        CHECK_INT(websocket_take(&w, bytes, &size, size, UINT32_MAX, on_control, &o, &o.why), 0);
        CHECK_INT(frame_parse(FRAME_WEBSOCKET, bytes, size, 0, &scanned, &again, &o.why),
                  FRAME_WHOLE);
        CHECK(again.opcode == f->opcode && again.size == f->size && again.frame_bytes <= whole);
        CHECK(f->size == 0 || memcmp(again.data, f->data, f->size) == 0);
    }
    free(bytes);
}

static void deliver(outcome *o, uint8_t *block, uint32_t *used, uint32_t limit, bool client) {
    uint32_t scanned = 0;
    uint32_t at = 0;
    frame f;
    while (frame_parse(FRAME_WEBSOCKET, block + at, *used - at, limit, &scanned, &f, &o->why) ==
           FRAME_WHOLE) {
        CHECK(f.frame_bytes <= *used - at && f.frame_bytes <= limit);
        put(o->packets, &o->packet_bytes, f.opcode, f.data, f.size);
        check_written(&f, client);
        at += f.frame_bytes;
    }
    *used -= at;
    memmove(block, block + at, *used);
}

/* Receives in pieces; `each`: delivers after how many of them. */
static void receive(outcome *o, const uint8_t *bytes, uint32_t size, uint32_t piece, uint32_t each,
                    uint32_t limit, bool client) {
    websocket w = {.client = client};
    uint8_t *block = malloc(size + 1);
    uint32_t used = 0;
    uint32_t count = 0;
    CHECK(block != NULL);
    for (uint32_t at = 0; at < size && o->code == 0;) {
        uint32_t fresh = size - at < piece ? size - at : piece;
        memcpy(block + used, bytes + at, fresh);
        used += fresh;
        at += fresh;
        o->code = websocket_take(&w, block, &used, fresh, limit, on_control, o, &o->why);
        CHECK(used <= at);
        if (++count % each == 0) {
            deliver(o, block, &used, limit, client);
        }
    }
    deliver(o, block, &used, limit, client);
    CHECK(o->code == 0 ? o->why == NULL : used == 0);
    free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t room[4][ROOM];
    input in = {data, size};
    uint8_t first = input_u8(&in);
    uint32_t limit = 16 + input_u16(&in);
    uint32_t bytes = in.size < ROOM / 8 ? (uint32_t)in.size : ROOM / 8;
    outcome whole = {.packets = room[0], .controls = room[1]};
    outcome pieces = {.packets = room[2], .controls = room[3]};
    bool client = (first & 1) != 0;
    receive(&whole, in.at, bytes, bytes, 1, limit, client);
    receive(&pieces, in.at, bytes, 1 + (first >> 3), 1 + (first >> 1) % 4, limit, client);
    CHECK_INT(pieces.code, whole.code);
    CHECK_TEXT(pieces.why, whole.why);
    CHECK_INT(pieces.packet_bytes, whole.packet_bytes);
    CHECK_INT(pieces.control_bytes, whole.control_bytes);
    CHECK(memcmp(room[0], room[2], whole.packet_bytes) == 0);
    CHECK(memcmp(room[1], room[3], whole.control_bytes) == 0);
    return 0;
}

/* frame.c: see frame.h. */
#include "wire/frame.h"

#include <string.h>

enum { U16_HEADER = 4, U32_HEADER = 8, LINE_END = 1 };

/* One row per framing: its name, the bytes that it adds to a payload, its smallest and its largest
 * frame. */
#define FRAMING_LIST(X)                                          \
    X(FRAME_U16, "u16", U16_HEADER, U16_HEADER, UINT16_MAX)      \
    X(FRAME_U32, "u32", U32_HEADER, U32_HEADER, FRAME_BYTES_MAX) \
    X(FRAME_LINE, "line", LINE_END, LINE_END, FRAME_BYTES_MAX)   \
    X(FRAME_RAW, "raw", 0, 1, FRAME_BYTES_MAX)

const char *const frame_names[FRAME_KINDS + 1] = {
#define FRAMING_NAME(kind, name, overhead, least, most) [kind] = (name),
    FRAMING_LIST(FRAMING_NAME)
#undef FRAMING_NAME
};

static const struct {
    uint32_t overhead_bytes;
    uint32_t least_bytes;
    uint32_t most_bytes;
} framings[FRAME_KINDS] = {
#define FRAMING_ROW(kind, name, overhead, least, most) [kind] = {overhead, least, most},
    FRAMING_LIST(FRAMING_ROW)
#undef FRAMING_ROW
};

/* The smallest packet, an opcode, in the longest header of a frame. */
enum { WEBSOCKET_LEAST = 16 };

const char *frame_name(frame_kind kind) {
    return kind < FRAME_KINDS ? frame_names[kind] : "websocket";
}

uint32_t frame_least_bytes(frame_kind kind) {
    return kind < FRAME_KINDS ? framings[kind].least_bytes : WEBSOCKET_LEAST;
}

uint32_t frame_most_bytes(frame_kind kind) {
    return kind < FRAME_KINDS ? framings[kind].most_bytes : FRAME_BYTES_MAX;
}

uint32_t frame_extra_bytes(frame_kind kind) {
    return framings[kind].overhead_bytes;
}

static uint32_t read_u16(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t read_u32(const uint8_t *bytes) {
    return read_u16(bytes) | read_u16(bytes + 2) << 16;
}

/* The header has `header_bytes`: a size of `size_bytes`, then the opcode. */
static frame_result parse_sized(const uint8_t *bytes, uint32_t size, uint32_t size_bytes,
                                uint32_t header_bytes, uint32_t limit_bytes, frame *f,
                                const char **why) {
    if (size < size_bytes) {
        return FRAME_INCOMPLETE;
    }
    uint32_t whole = size_bytes == 2 ? read_u16(bytes) : read_u32(bytes);
    if (whole < header_bytes) {
        *why = "the size in the header is smaller than the header";
        return FRAME_BROKEN;
    }
    if (whole > limit_bytes) {
        *why = "the size in the header is above frame_limit_bytes";
        return FRAME_BROKEN;
    }
    if (header_bytes == U32_HEADER && size >= U32_HEADER && read_u16(bytes + 6) != 0) {
        /* Refused now, before megabytes of payload arrive. */
        *why = "the last two bytes of the header are not zero";
        return FRAME_BROKEN;
    }
    f->frame_bytes = whole;
    if (size < whole) {
        return FRAME_INCOMPLETE;
    }
    f->opcode = (uint16_t)read_u16(bytes + size_bytes);
    f->data = bytes + header_bytes;
    f->size = whole - header_bytes;
    return FRAME_WHOLE;
}

static frame_result parse_line(const uint8_t *bytes, uint32_t size, uint32_t limit_bytes,
                               uint32_t *scanned, frame *f, const char **why) {
    if (size == 0) {
        return FRAME_INCOMPLETE; /* `bytes` may be NULL */
    }
    const uint8_t *end = memchr(bytes + *scanned, '\n', size - *scanned);
    uint32_t known = end != NULL ? (uint32_t)(end - bytes) + 1 : size;
    if (known > limit_bytes || (end == NULL && size == limit_bytes)) {
        *why = "the line is longer than frame_limit_bytes";
        return FRAME_BROKEN;
    }
    if (end == NULL) {
        *scanned = size;
        return FRAME_INCOMPLETE;
    }
    *scanned = 0;
    f->frame_bytes = known;
    f->data = bytes;
    f->size = known - 1;
    if (f->size > 0 && bytes[f->size - 1] == '\r') {
        f->size--;
    }
    return FRAME_WHOLE;
}

/* ---- records: see frame.h -------------------------------------------------------------------- */

enum {
    RECORD_OPEN = 0x20, /* not whole. No frame of WebSocket begins with these first bytes */
    RECORD_TEXT = 0x41,
    RECORD_BINARY = 0x42,
    RECORD_SMALL = 126,
    RECORD_LONG = 0x80
};

uint32_t frame_record_head(uint32_t size) {
    return size < RECORD_SMALL ? 2 : size <= UINT16_MAX ? 4 : 6;
}

void frame_record_begin(uint8_t *record) {
    record[0] = RECORD_OPEN;
}

static void write_u32(uint8_t *to, uint32_t value) {
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
    to[2] = (uint8_t)(value >> 16);
    to[3] = (uint8_t)(value >> 24);
}

void frame_record_end(uint8_t *record, bool text, uint32_t head, uint32_t size) {
    record[0] = text ? RECORD_TEXT : RECORD_BINARY;
    if (head >= 6) {
        record[1] = (uint8_t)(RECORD_LONG | head);
        write_u32(record + 2, size);
    } else if (head == 4) {
        record[1] = RECORD_SMALL;
        record[2] = (uint8_t)size;
        record[3] = (uint8_t)(size >> 8);
    } else {
        record[1] = (uint8_t)size;
    }
}

static frame_result parse_record(const uint8_t *bytes, uint32_t size, frame *f) {
    if (size < 2 || (bytes[0] != RECORD_TEXT && bytes[0] != RECORD_BINARY)) {
        return FRAME_INCOMPLETE;
    }
    bool small = bytes[1] < RECORD_SMALL;
    uint32_t head = small ? 2 : bytes[1] == RECORD_SMALL ? 4 : bytes[1] & 0x7Fu;
    f->size = small ? bytes[1] : head == 4 ? read_u16(bytes + 2) : read_u32(bytes + 2);
    f->frame_bytes = head + f->size;
    f->data = bytes + head;
    if (bytes[0] == RECORD_BINARY) {
        f->opcode = (uint16_t)read_u16(f->data);
        f->data += 2;
        f->size -= 2;
    }
    return FRAME_WHOLE;
}

frame_result frame_parse(frame_kind kind, const uint8_t *bytes, uint32_t size, uint32_t limit_bytes,
                         uint32_t *scanned, frame *f, const char **why) {
    *f = (frame){0};
    switch (kind) {
    case FRAME_U16: return parse_sized(bytes, size, 2, U16_HEADER, limit_bytes, f, why);
    case FRAME_U32: return parse_sized(bytes, size, 4, U32_HEADER, limit_bytes, f, why);
    case FRAME_LINE: return parse_line(bytes, size, limit_bytes, scanned, f, why);
    case FRAME_WEBSOCKET:
    case FRAME_WEBSOCKET_CLIENT: return parse_record(bytes, size, f);
    case FRAME_RAW:
    case FRAME_KINDS_ALL: break;
    }
    if (size == 0) {
        return FRAME_INCOMPLETE;
    }
    f->data = bytes;
    f->size = size < limit_bytes ? size : limit_bytes;
    f->frame_bytes = f->size;
    return FRAME_WHOLE;
}

portico_status frame_measure(frame_kind kind, uint32_t size, uint32_t limit_bytes,
                             uint32_t *frame_bytes) {
    uint64_t whole = (uint64_t)size + framings[kind].overhead_bytes;
    *frame_bytes = (uint32_t)whole;
    return whole <= limit_bytes ? PORTICO_OK : PORTICO_E_TOO_BIG;
}

void frame_write(frame_kind kind, uint16_t opcode, const void *data, uint32_t size, uint8_t *to) {
    if (kind == FRAME_U16) {
        write_u32(to, (size + U16_HEADER) | (uint32_t)opcode << 16);
        to += U16_HEADER;
    } else if (kind == FRAME_U32) {
        write_u32(to, size + U32_HEADER);
        write_u32(to + 4, opcode);
        to += U32_HEADER;
    } else if (kind ==
               FRAME_WEBSOCKET) { /* final and binary; the size of what follows; the opcode */
        write_u32(to, 0x82 | (size + 2) << 8 | (uint32_t)opcode << 16);
        to += FRAME_WEBSOCKET_SMALL_EXTRA;
    } else if (kind == FRAME_LINE) {
        to[size] = '\n';
    }
    if (size == 0) {
        return; /* `data` may be NULL, which memcpy refuses */
    }
    memcpy(to, data, size);
}

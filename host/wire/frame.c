/* frame.c: see frame.h. */
#include "wire/frame.h"

#include <string.h>

static const char *const names[FRAME_KINDS] = {"u16", "u32", "line", "raw"};

static uint32_t read_u16(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8;
}

static uint32_t read_u32(const uint8_t *bytes) {
    return read_u16(bytes) | read_u16(bytes + 2) << 16;
}

/* A header of `header_bytes` at the start: `size_bytes` of size, then the opcode. */
static portico_status parse_sized(const uint8_t *bytes, uint32_t size, uint32_t size_bytes,
                                  uint32_t header_bytes, uint32_t limit_bytes, frame *f,
                                  const char **why) {
    if (size < size_bytes) {
        return PORTICO_E_STATE;
    }
    uint32_t whole = size_bytes == 2 ? read_u16(bytes) : read_u32(bytes);
    if (whole < header_bytes) {
        *why = "the size in the header is smaller than the header";
        return PORTICO_E_FRAME;
    }
    if (whole > limit_bytes) {
        *why = "the size in the header is above frame_limit_bytes";
        return PORTICO_E_TOO_BIG;
    }
    if (header_bytes == 8 && size >= 8 && read_u16(bytes + 6) != 0) {
        *why =
            "the last two bytes of the header are not zero"; /* told before megabytes are waited for */
        return PORTICO_E_FRAME;
    }
    f->frame_bytes = whole;
    if (size < whole) {
        return PORTICO_E_STATE;
    }
    f->opcode = (uint16_t)read_u16(bytes + size_bytes);
    f->data = bytes + header_bytes;
    f->size = whole - header_bytes;
    return PORTICO_OK;
}

static portico_status parse_line(const uint8_t *bytes, uint32_t size, uint32_t limit_bytes,
                                 uint32_t *scanned, frame *f, const char **why) {
    if (size == 0) {
        return PORTICO_E_STATE; /* `bytes` may be NULL */
    }
    const uint8_t *end = memchr(bytes + *scanned, '\n', size - *scanned);
    uint32_t known = end != NULL ? (uint32_t)(end - bytes) + 1 : size;
    if (known > limit_bytes || (end == NULL && size == limit_bytes)) {
        *why = "the line is longer than frame_limit_bytes";
        return PORTICO_E_TOO_BIG;
    }
    if (end == NULL) {
        *scanned = size;
        return PORTICO_E_STATE;
    }
    *scanned = 0;
    f->frame_bytes = known;
    f->data = bytes;
    f->size = known - 1;
    if (f->size > 0 && bytes[f->size - 1] == '\r') {
        f->size--;
    }
    return PORTICO_OK;
}

portico_status frame_parse(frame_kind kind, const uint8_t *bytes, uint32_t size,
                           uint32_t limit_bytes, uint32_t *scanned, frame *f, const char **why) {
    *f = (frame){0};
    switch (kind) {
    case FRAME_U16: return parse_sized(bytes, size, 2, 4, limit_bytes, f, why);
    case FRAME_U32: return parse_sized(bytes, size, 4, 8, limit_bytes, f, why);
    case FRAME_LINE: return parse_line(bytes, size, limit_bytes, scanned, f, why);
    case FRAME_RAW:
    case FRAME_KINDS: break;
    }
    if (size == 0) {
        return PORTICO_E_STATE;
    }
    f->data = bytes;
    f->size = size < limit_bytes ? size : limit_bytes;
    f->frame_bytes = f->size;
    return PORTICO_OK;
}

portico_status frame_measure(frame_kind kind, uint32_t size, uint32_t limit_bytes,
                             uint32_t *frame_bytes) {
    static const uint8_t extra_bytes[FRAME_KINDS] = {4, 8, 1, 0};
    uint64_t whole = (uint64_t)size + extra_bytes[kind];
    *frame_bytes = (uint32_t)whole;
    bool fits = whole <= limit_bytes && (kind != FRAME_U16 || whole <= UINT16_MAX);
    return fits ? PORTICO_OK : PORTICO_E_TOO_BIG;
}

static void write_u32(uint8_t *to, uint32_t value) {
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
    to[2] = (uint8_t)(value >> 16);
    to[3] = (uint8_t)(value >> 24);
}

void frame_write(frame_kind kind, uint16_t opcode, const void *data, uint32_t size, uint8_t *to) {
    if (kind == FRAME_U16) {
        write_u32(to, (size + 4) | (uint32_t)opcode << 16);
        to += 4;
    } else if (kind == FRAME_U32) {
        write_u32(to, size + 8);
        write_u32(to + 4, opcode);
        to += 8;
    } else if (kind == FRAME_LINE) {
        to[size] = '\n';
    }
    if (size > 0) {
        memcpy(to, data, size); /* `data` may be NULL without */
    }
}

const char *frame_name(frame_kind kind) {
    return names[kind];
}

bool frame_kind_from_name(const char *name, frame_kind *kind) {
    for (int i = 0; i < FRAME_KINDS; i++) {
        if (strcmp(name, names[i]) == 0) {
            *kind = (frame_kind)i;
            return true;
        }
    }
    return false;
}

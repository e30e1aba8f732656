/* packet_show.c: see packet_show.h. */
#include "module/packet_show.h"

#include <portico/packet.h>

#include <string.h>

enum {
    ELEMENTS_MAX = 8, /* of an array */
    TEXT_MAX = 80,    /* bytes of a text */
    BYTES_MAX = 64
};

static void put_more(put *p, uint32_t count) {
    if (count > 0) {
        put_text(p, " ... ");
        put_number(p, count);
        put_text(p, " more");
    }
}

void packet_show_bytes(put *p, const uint8_t *data, uint32_t size) {
    uint32_t shown = size < BYTES_MAX ? size : BYTES_MAX;
    for (uint32_t i = 0; i < shown; i++) {
        put_text(p, i > 0 ? " " : "");
        put_hex(p, data[i], 2);
    }
    put_more(p, size - shown);
}

static void put_quoted(put *p, const uint8_t *text, uint32_t size) {
    uint32_t shown = size < TEXT_MAX ? size : TEXT_MAX;
    put_text(p, "\"");
    put_foreign(p, (const char *)text, shown);
    put_text(p, "\"");
    put_more(p, size - shown);
}

void packet_show_number(put *p, uint32_t kind, uint32_t size, const uint8_t *at) {
    uint64_t bits = packet_bits(at, size);
    switch (kind) {
    case PORTICO_KIND_SIGNED: put_signed(p, packet_signed(bits, size)); break;
    case PORTICO_KIND_FLOAT:
        put_real(p, packet_real(bits, size), size == sizeof(float) ? 7 : 15);
        break;
    case PORTICO_KIND_BOOL: put_text(p, bits != 0 ? "true" : "false"); break;
    default: put_number(p, bits); break;
    }
}

static void put_fixed(put *p, const packet_layout *l, const uint8_t *data);

static void put_element(put *p, const packet_field *f, const uint8_t *at) {
    if (f->kind == PORTICO_KIND_STRUCT) {
        put_text(p, "{");
        put_fixed(p, f->fields, at);
        put_text(p, "}");
    } else {
        packet_show_number(p, f->kind, f->size, at);
    }
}

static void put_elements(put *p, const packet_field *f, const uint8_t *at, uint32_t count) {
    uint32_t shown = count < ELEMENTS_MAX ? count : ELEMENTS_MAX;
    put_text(p, "[");
    for (uint32_t i = 0; i < shown && !p->cut; i++) {
        put_text(p, i > 0 ? ", " : "");
        put_element(p, f, at + (size_t)i * f->size);
    }
    put_more(p, count - shown);
    put_text(p, "]");
}

/* The value of a field with `count` elements, of which the first is at `at`. */
static void put_value(put *p, const packet_field *f, const uint8_t *at, uint32_t count) {
    if (f->kind == PORTICO_KIND_CHAR && f->part == PORTICO_PART_FIXED) {
        const uint8_t *zero = memchr(at, 0, count);
        put_quoted(p, at, zero != NULL ? (uint32_t)(zero - at) : count);
    } else if (f->part == PORTICO_PART_TEXT) {
        put_quoted(p, at, count);
    } else if (f->part == PORTICO_PART_BYTES) {
        put_text(p, "[");
        packet_show_bytes(p, at, count);
        put_text(p, "]");
    } else if (f->part != PORTICO_PART_FIXED || f->count > 1) {
        put_elements(p, f, at, count);
    } else {
        put_element(p, f, at);
    }
}

static void put_field(put *p, const packet_layout *l, uint32_t index, const uint8_t *at,
                      uint32_t count) {
    const packet_field *f = &l->fields[index];
    put_text(p, index > 0 ? ", " : "");
    put_text(p, f->name);
    put_text(p, " = ");
    put_value(p, f, at, count);
}

/* All fields but a variable one. */
static void put_fixed(put *p, const packet_layout *l, const uint8_t *data) {
    for (uint32_t i = 0; i < l->field_count && !p->cut; i++) {
        const packet_field *f = &l->fields[i];
        if (f->part == PORTICO_PART_FIXED) {
            put_field(p, l, i, data + f->offset, f->count);
        }
    }
}

void packet_show(put *p, const packet_layout *l, const uint8_t *data, uint32_t size) {
    const packet_field *last = &l->fields[l->field_count - 1];
    if (!packet_layout_has_size(l, size)) {
        packet_show_bytes(p, data, size);
        return;
    }
    put_fixed(p, l, data);
    if (last->part != PORTICO_PART_FIXED) {
        put_field(p, l, l->field_count - 1, data + l->size_min, (size - l->size_min) / last->size);
    }
}

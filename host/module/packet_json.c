/* packet_json.c: see packet_json.h. */
#include "module/packet_json.h"

#include "base/put.h"

#include <portico/packet.h>

#include <float.h>
#include <string.h>

static uint32_t at_most(uint32_t count, uint32_t most) {
    return count < most ? count : most;
}

void packet_json_bytes(json *j, const char *key, const uint8_t *data, uint32_t size) {
    char text[2 * PACKET_JSON_BYTES + 1];
    put p = put_begin(text, sizeof text);
    uint32_t shown = at_most(size, PACKET_JSON_BYTES);
    for (uint32_t i = 0; i < shown; i++) {
        put_hex(&p, data[i], 2);
    }
    json_text(j, key, text);
}

static void write_text(json *j, const char *key, const uint8_t *from, uint32_t size) {
    char text[PACKET_JSON_BYTES + 1];
    uint32_t shown = at_most(size, PACKET_JSON_BYTES);
    memcpy(text, from, shown);
    text[shown] = '\0';
    json_text(j, key, text);
}

/* JSON has no infinity and no NaN: they become null. */
static void write_float(json *j, const char *key, uint64_t bits, uint32_t size) {
    char text[40];
    double number = packet_real(bits, size);
    (void)snprintf(text, sizeof text, "%.*g", size == sizeof(float) ? 9 : 17, number);
    json_figure(j, key, number >= -DBL_MAX && number <= DBL_MAX ? text : "null");
}

static void write_number(json *j, const char *key, const packet_field *f, const uint8_t *at) {
    uint64_t bits = packet_bits(at, f->size);
    char text[24];
    switch (f->kind) {
    case PORTICO_KIND_SIGNED: json_number(j, key, packet_signed(bits, f->size)); break;
    case PORTICO_KIND_FLOAT: write_float(j, key, bits, f->size); break;
    case PORTICO_KIND_BOOL: json_bool(j, key, bits != 0); break;
    default:
        (void)snprintf(text, sizeof text, "%llu", (unsigned long long)bits);
        json_figure(j, key, text);
        break;
    }
}

static void write_fixed(json *j, const packet_layout *l, const uint8_t *data);

static void write_element(json *j, const char *key, const packet_field *f, const uint8_t *at) {
    if (f->kind == PORTICO_KIND_STRUCT) {
        json_begin(j, key, '{');
        write_fixed(j, f->fields, at);
        json_end(j, '}');
    } else {
        write_number(j, key, f, at);
    }
}

/* The value of a field with `count` elements, of which the first is at `at`. */
static void write_value(json *j, const packet_field *f, const uint8_t *at, uint32_t count) {
    if (f->kind == PORTICO_KIND_CHAR && f->part == PORTICO_PART_FIXED) {
        const uint8_t *zero = memchr(at, 0, count);
        write_text(j, f->name, at, zero != NULL ? (uint32_t)(zero - at) : count);
    } else if (f->part == PORTICO_PART_TEXT) {
        write_text(j, f->name, at, count);
    } else if (f->part == PORTICO_PART_BYTES) {
        packet_json_bytes(j, f->name, at, count);
    } else if (f->part != PORTICO_PART_FIXED || f->count > 1) {
        uint32_t shown = at_most(count, PACKET_JSON_ELEMENTS);
        json_begin(j, f->name, '[');
        for (uint32_t i = 0; i < shown; i++) {
            write_element(j, NULL, f, at + (size_t)i * f->size);
        }
        json_end(j, ']');
    } else {
        write_element(j, f->name, f, at);
    }
}

/* All fields but a variable one. */
static void write_fixed(json *j, const packet_layout *l, const uint8_t *data) {
    for (uint32_t i = 0; i < l->field_count; i++) {
        const packet_field *f = &l->fields[i];
        if (f->part == PORTICO_PART_FIXED) {
            write_value(j, f, data + f->offset, f->count);
        }
    }
}

bool packet_json(json *j, const char *key, const packet_layout *l, const uint8_t *data,
                 uint32_t size) {
    const packet_field *last = &l->fields[l->field_count - 1];
    if (!packet_layout_has_size(l, size)) {
        return false;
    }
    json_begin(j, key, '{');
    write_fixed(j, l, data);
    if (last->part != PORTICO_PART_FIXED) {
        write_value(j, last, data + l->size_min, (size - l->size_min) / last->size);
    }
    json_end(j, '}');
    return true;
}

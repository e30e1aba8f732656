/* packet_json.c: see packet_json.h. */
#include "module/packet_json.h"

#include <portico/packet.h>

#include <float.h>
#include <string.h>

static uint32_t at_most(uint32_t count, uint32_t most) {
    return count < most ? count : most;
}

void packet_json_bytes(json *j, const char *key, const uint8_t *data, uint32_t size) {
    static const char digits[] = "0123456789abcdef";
    char text[2 * PACKET_JSON_BYTES + 1];
    uint32_t shown = at_most(size, PACKET_JSON_BYTES);
    for (uint32_t i = 0; i < shown; i++) {
        text[2 * (size_t)i] = digits[data[i] >> 4];
        text[2 * (size_t)i + 1] = digits[data[i] & 15];
    }
    text[2 * (size_t)shown] = '\0';
    json_text(j, key, text);
}

static void write_text(json *j, const char *key, const uint8_t *from, uint32_t size) {
    char text[PACKET_JSON_BYTES + 1];
    uint32_t shown = at_most(size, PACKET_JSON_BYTES);
    memcpy(text, from, shown);
    text[shown] = '\0';
    json_text(j, key, text);
}

static uint64_t load(const uint8_t *at, uint32_t size) {
    uint64_t number = 0;
    for (uint32_t i = size; i-- > 0;) {
        number = number << 8 | at[i];
    }
    return number;
}

/* JSON has no infinity and no NaN: they become null. */
static void write_float(json *j, const char *key, uint64_t bits, uint32_t size) {
    char text[40];
    double number = 0;
    int digits = 17;
    if (size == sizeof(float)) {
        uint32_t half = (uint32_t)bits;
        float single = 0;
        memcpy(&single, &half, sizeof single);
        number = (double)single;
        digits = 9;
    } else {
        memcpy(&number, &bits, sizeof number);
    }
    (void)snprintf(text, sizeof text, "%.*g", digits, number);
    json_figure(j, key, number >= -DBL_MAX && number <= DBL_MAX ? text : "null");
}

static void write_number(json *j, const char *key, const packet_field *f, const uint8_t *at) {
    uint64_t bits = load(at, f->size);
    uint32_t unused = (64 - 8 * f->size) % 64; /* never 64 */
    char text[24];
    switch (f->kind) {
    case PORTICO_KIND_SIGNED: json_number(j, key, (int64_t)(bits << unused) >> unused); break;
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
    uint32_t rest = size - l->size_min;
    if (size < l->size_min || size > l->size_max || rest % last->size != 0) {
        return false;
    }
    json_begin(j, key, '{');
    write_fixed(j, l, data);
    if (last->part != PORTICO_PART_FIXED) {
        write_value(j, last, data + l->size_min, rest / last->size);
    }
    json_end(j, '}');
    return true;
}

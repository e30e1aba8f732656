/* packet_random.c: random contents of many packets are encoded, checked by the host and decoded
 * again. A slow second implementation, which follows the description byte by byte, must give the
 * same bytes and the same struct. Every other size is refused, and so is every wrong bool and text.
 * The first argument is the number of rounds; the numbers are the same each time. */
#include "base/text.h"
#include "support/check.h"
#include "support/packets.h"

enum { ROUNDS = 1000 };

static uint64_t random_state = 5;

static uint32_t random_below(uint32_t bound) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % bound;
}

/* ---- the second implementation --------------------------------------------------------------- */

static uint8_t *wire_at;              /* where it writes */
static uint8_t bool_places[WIRE_MAX]; /* 1: a bool is there */
static uint8_t text_places[WIRE_MAX]; /* 1: text that is not the last byte of an array */
static uint8_t *wire_begin;
static uint8_t text_store[64]; /* what a TEXT or BYTES points to */

static void emit(uint8_t value) {
    *wire_at++ = value;
}

static uint32_t random_text(char *text, uint32_t capacity) {
    static const char *const characters[] = {"a", "\n", "\xC2\x80", "\xE2\x82\xAC",
                                             "\xF0\x9F\x99\x82"};
    uint32_t size = 0;
    uint32_t wanted = random_below(capacity + 1);
    for (;;) {
        const char *next = characters[random_below(5)];
        if (size + strlen(next) > wanted) {
            return size;
        }
        memcpy(text + size, next, strlen(next));
        size += (uint32_t)strlen(next);
    }
}

/* Fills an element of a struct, and emits what it is on the wire. */
static void number_make(const portico_field *f, uint8_t *to) {
    uint64_t bits = 0;
    for (uint32_t i = 0; i < f->size; i++) {
        bits |= (uint64_t)random_below(256) << (8 * i);
    }
    if (f->kind == PORTICO_KIND_BOOL) {
        bits &= 1;
        bool_places[wire_at - wire_begin] = 1;
    }
    for (uint32_t i = 0; i < f->size; i++) {
        to[i] = (uint8_t)(bits >> (8 * i)); /* the machine is little endian */
        emit(to[i]);
    }
}

static void fields_make(const portico_fields *s, uint8_t *to);

static void elements_make(const portico_field *f, uint8_t *to, uint32_t count) {
    if (f->kind == PORTICO_KIND_CHAR) {
        uint32_t used = random_text((char *)to, count - 1);
        to[used] = 0; /* what follows stays garbage in the struct and is zero on the wire */
        for (uint32_t i = 0; i < count; i++) {
            text_places[wire_at - wire_begin] = i < used;
            emit(i < used ? to[i] : 0);
        }
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (f->kind == PORTICO_KIND_STRUCT) {
            fields_make(f->fields, to + (size_t)i * f->size);
        } else {
            number_make(f, to + (size_t)i * f->size);
        }
    }
}

static uint32_t *count_of(const portico_field *f, uint8_t *to) {
    bool pointer = f->part == PORTICO_PART_TEXT || f->part == PORTICO_PART_BYTES;
    size_t at = f->offset + (pointer ? sizeof(void *) : (size_t)f->size * f->count);
    return (uint32_t *)(void *)(to + (at + 3) / 4 * 4);
}

static void pointer_make(const portico_field *f, uint8_t *to) {
    const uint8_t *data = text_store;
    uint32_t size = random_below(f->count + 1);
    if (f->part == PORTICO_PART_TEXT) {
        size = random_text((char *)text_store, f->count);
    } else {
        for (uint32_t i = 0; i < size; i++) {
            text_store[i] = (uint8_t)random_below(256);
        }
    }
    for (uint32_t i = 0; i < size; i++) {
        text_places[wire_at - wire_begin] = f->part == PORTICO_PART_TEXT;
        emit(text_store[i]);
    }
    memcpy(to + f->offset, (const void *)&data, sizeof data);
    *count_of(f, to) = size;
}

static void fields_make(const portico_fields *s, uint8_t *to) {
    for (uint32_t i = 0; i < s->field_count; i++) {
        const portico_field *f = &s->fields[i];
        switch (f->part) {
        case PORTICO_PART_FIXED: elements_make(f, to + f->offset, f->count); break;
        case PORTICO_PART_NUMBERS:
        case PORTICO_PART_ROWS:
            *count_of(f, to) = random_below(f->count + 1);
            elements_make(f, to + f->offset, *count_of(f, to));
            break;
        default: pointer_make(f, to); break;
        }
    }
}

/* Whether two structs have the same contents. */
static bool fields_equal(const portico_fields *s, const uint8_t *a, const uint8_t *b) {
    for (uint32_t i = 0; i < s->field_count; i++) {
        const portico_field *f = &s->fields[i];
        uint32_t count = f->count;
        const uint8_t *from = a + f->offset;
        const uint8_t *to = b + f->offset;
        if (f->part != PORTICO_PART_FIXED) {
            count = *count_of(f, (uint8_t *)(uintptr_t)a);
            if (count != *count_of(f, (uint8_t *)(uintptr_t)b)) {
                return false;
            }
        }
        if (f->part == PORTICO_PART_TEXT || f->part == PORTICO_PART_BYTES) {
            memcpy((void *)&from, a + f->offset, sizeof from);
            memcpy((void *)&to, b + f->offset, sizeof to);
        } else if (f->kind == PORTICO_KIND_CHAR) {
            count = (uint32_t)strlen((const char *)from) + 1;
        }
        for (uint32_t k = 0; k < count; k++) {
            const uint8_t *x = from + (size_t)k * f->size;
            const uint8_t *y = to + (size_t)k * f->size;
            if (f->kind == PORTICO_KIND_STRUCT ? !fields_equal(f->fields, x, y)
                                               : memcmp(x, y, f->size) != 0) {
                return false;
            }
        }
    }
    return true;
}

/* ---- the checks ------------------------------------------------------------------------------ */

static bool check(const subject *s, const uint8_t *data, uint32_t size) {
    char why[PACKET_WHY_MAX] = "";
    uint8_t *copy = malloc(size + 1u); /* so that a sanitizer sees reads past the end */
    CHECK(copy != NULL);
    memcpy(copy, data, size);
    copy[size] = 0;
    bool fits = packet_layout_check(s->layout, copy, size, why, sizeof why);
    CHECK_INT(why[0] == '\0', fits);
    CHECK(text_is_plain(why, strlen(why)));
    _Alignas(16) uint8_t decoded[STRUCT_MAX];
    bool decodes = s->decode(decoded, copy, size);
    CHECK(decodes || !fits);
    free(copy);
    return fits;
}

/* A packet of another size fits only where another count of elements gives that size. */
static void other_sizes(const subject *s, const uint8_t *data, uint32_t size) {
    static uint8_t longer[WIRE_MAX + 16];
    memcpy(longer, data, size);
    memset(longer + size, 0, sizeof longer - size);
    const packet_field *last = &s->layout->fields[s->layout->field_count - 1];
    for (uint32_t other = 0; other < s->size_max + 8; other++) {
        bool in_range = other >= s->size_min && other <= s->size_max;
        bool whole = in_range && (other - s->size_min) % last->size == 0;
        bool fits = check(s, longer, other);
        if (last->part == PORTICO_PART_FIXED || !in_range) {
            CHECK_INT(fits, other == size);
        } else if (last->part == PORTICO_PART_TEXT) {
            CHECK_INT(fits, other <= size && text_is_utf8((const char *)data + s->size_min,
                                                          other - s->size_min));
        } else {
            CHECK_INT(fits, whole); /* added bytes are zero, which every element may be */
        }
    }
}

/* Every bool and every byte of a text is replaced by what it must not be. */
static void other_bytes(const subject *s, uint8_t *data, uint32_t size) {
    for (uint32_t i = 0; i < size; i++) {
        uint8_t right = data[i];
        if (bool_places[i] != 0) {
            data[i] = (uint8_t)(2 + random_below(254));
            CHECK(!check(s, data, size));
            _Alignas(16) uint8_t decoded[STRUCT_MAX];
            CHECK(!s->decode(decoded, data, size));
        } else if (text_places[i] != 0) {
            data[i] = 0xFF;
            CHECK(!check(s, data, size));
            data[i] = 0xC0;
            CHECK(!check(s, data, size));
        }
        data[i] = right;
    }
}

static void round_of(const subject *s) {
    _Alignas(16) uint8_t made[STRUCT_MAX];
    _Alignas(16) uint8_t decoded[STRUCT_MAX];
    uint8_t right[WIRE_MAX];
    uint8_t found[WIRE_MAX];
    memset(made, 0x5A, sizeof made);
    memset(found, 0xA5, sizeof found);
    memset(bool_places, 0, sizeof bool_places);
    memset(text_places, 0, sizeof text_places);
    wire_at = wire_begin = right;
    fields_make(s->fields, made);
    uint32_t size = (uint32_t)(wire_at - right);
    uint32_t encoded = 0;
    CHECK_INT(s->encode(made, found, sizeof found, &encoded), PORTICO_OK);
    CHECK_INT(encoded, size);
    /* cppcheck-suppress uninitvar ; fields_make has filled it */
    CHECK(memcmp(found, right, size) == 0 && (size == sizeof found || found[size] == 0xA5));
    CHECK(check(s, found, size));
    CHECK(s->decode(decoded, found, size));
    CHECK(fields_equal(s->fields, made, decoded));
    if (size > 0) {
        CHECK_INT(s->encode(made, found, size - 1, &encoded), PORTICO_E_TOO_BIG);
    }
    other_bytes(s, right, size);
    if (random_below(50) == 0) {
        other_sizes(s, right, size);
    }
}

SCENARIO(packet_random) {
    const char *argument = scenario_argument(0);
    int rounds = argument != NULL ? atoi(argument) : ROUNDS;
    CHECK(subjects_start());
    for (size_t i = 0; i < SUBJECTS_COUNT; i++) {
        const subject *s = &subjects[i];
        CHECK_INT(packet_layout_min(s->layout), s->size_min);
        CHECK_INT(packet_layout_max(s->layout), s->size_max);
        for (int k = 0; k < rounds; k++) {
            round_of(s);
        }
    }
    subjects_stop();
}

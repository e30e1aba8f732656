/* packets.h: declared packets of every shape, as a table without their types. Header only. */
#ifndef TEST_PACKETS_H
#define TEST_PACKETS_H

#include "module/packet_layout.h"

#include <portico/packet.h>

#define BYTE(S, F) F(S, FIELD, uint8_t, b)
PORTICO_PACKET(byte, BYTE);
#define NUMBERS(S, F)         \
    F(S, FIELD, int8_t, i8)   \
    F(S, FIELD, uint64_t, u8) \
    F(S, FIELD, int16_t, i2)  \
    F(S, FIELD, float, f4)    \
    F(S, FIELD, uint16_t, u2) \
    F(S, FIELD, double, f8)   \
    F(S, FIELD, int32_t, i4)  \
    F(S, FIELD, int64_t, i8_)
PORTICO_PACKET(numbers, NUMBERS);
#define BOOLS(S, F) F(S, FIELD, bool, a) F(S, FIELD, uint32_t, n) F(S, ARRAY, bool, many, 5)
PORTICO_PACKET(bools, BOOLS);
#define NAMES(S, F) F(S, ARRAY, char, first, 2) F(S, ARRAY, char, second, 33) F(S, FIELD, bool, c)
PORTICO_PACKET(names, NAMES);
#define NESTED(S, F)             \
    F(S, FIELD, uint8_t, b)      \
    F(S, STRUCT, bools, inner)   \
    F(S, STRUCTS, names, two, 2) \
    F(S, ARRAY, uint64_t, many, 3)
PORTICO_PACKET(nested, NESTED);
#define DEEP(S, F) F(S, STRUCTS, nested, all, 2) F(S, STRUCT, byte, end)
PORTICO_PACKET(deep, DEEP);
#define TEXT_ALONE(S, F) F(S, TEXT, text, 40)
PORTICO_PACKET(text_alone, TEXT_ALONE);
#define TEXT_LAST(S, F) NAMES(S, F) F(S, TEXT, text, 11)
PORTICO_PACKET(text_last, TEXT_LAST);
#define BYTES_LAST(S, F) BOOLS(S, F) F(S, BYTES, bytes, 9)
PORTICO_PACKET(bytes_last, BYTES_LAST);
#define U8_LAST(S, F) F(S, NUMBERS, uint8_t, list, 7)
PORTICO_PACKET(u8_last, U8_LAST);
#define I16_LAST(S, F) F(S, FIELD, uint8_t, a) F(S, NUMBERS, int16_t, list, 5)
PORTICO_PACKET(i16_last, I16_LAST);
#define F64_LAST(S, F) NUMBERS(S, F) F(S, NUMBERS, double, list, 3)
PORTICO_PACKET(f64_last, F64_LAST);
#define BYTE_ROWS(S, F) F(S, ROWS, byte, rows, 4)
PORTICO_PACKET(byte_rows, BYTE_ROWS);
#define NUMBER_ROWS(S, F) F(S, FIELD, uint16_t, n) F(S, ROWS, numbers, rows, 3)
PORTICO_PACKET(number_rows, NUMBER_ROWS);
#define NESTED_ROWS(S, F) F(S, FIELD, bool, n) F(S, ROWS, nested, rows, 3)
PORTICO_PACKET(nested_rows, NESTED_ROWS);

enum { STRUCT_MAX = 2048, WIRE_MAX = 1024 };

/* A declared packet without its type. */
typedef struct subject {
    const portico_fields *fields;
    uint32_t size_min, size_max;
    portico_status (*encode)(const void *packet, uint8_t *to, uint32_t capacity, uint32_t *size);
    bool (*decode)(void *packet, const uint8_t *data, uint32_t size);
    packet_layout *layout; /* from subjects_start */
} subject;

/* clang-format off */
#define SUBJECTS(X)                                                                         \
    X(byte) X(numbers) X(bools) X(names) X(nested) X(deep) X(text_alone) X(text_last)       \
    X(bytes_last) X(u8_last) X(i16_last) X(f64_last) X(byte_rows) X(number_rows) X(nested_rows)
/* clang-format on */
#define SUBJECT_FUNCTIONS(P)                                                                 \
    _Static_assert(sizeof(P) <= STRUCT_MAX && (int)P##_size_max <= WIRE_MAX, "larger");      \
    static portico_status P##_encode_any(const void *packet, uint8_t *to, uint32_t capacity, \
                                         uint32_t *size) {                                   \
        return P##_encode(packet, to, capacity, size);                                       \
    }                                                                                        \
    static bool P##_decode_any(void *packet, const uint8_t *data, uint32_t size) {           \
        return P##_decode(packet, data, size);                                               \
    }
SUBJECTS(SUBJECT_FUNCTIONS)
#define SUBJECT_ROW(P) \
    {&P##_fields, P##_size_min, P##_size_max, P##_encode_any, P##_decode_any, NULL},
static subject subjects[] = {SUBJECTS(SUBJECT_ROW)};
enum { SUBJECTS_COUNT = sizeof subjects / sizeof subjects[0] };

/* Makes the layouts. Returns false if one is refused. */
static inline bool subjects_start(void) {
    bool good = true;
    for (size_t i = 0; i < SUBJECTS_COUNT; i++) {
        char why[PACKET_WHY_MAX];
        subject *s = &subjects[i];
        good = good && packet_layout_create(&s->layout, s->fields, why, sizeof why) == PORTICO_OK;
    }
    return good;
}

static inline void subjects_stop(void) {
    for (size_t i = 0; i < SUBJECTS_COUNT; i++) {
        packet_layout_free(subjects[i].layout);
    }
}

#endif

/* reshaped.h: ten shapes of one state, for reshaped.c, which is compiled once for each, and for
 * swap_fields.c, which knows what must become of the values.
 *
 *    2  level widens, gold new, doomed gone            7  gold becomes a double (migrate), doomed
 *    3  all fields move, pad new                          comes back as another field
 *    4  hp and x widen, hp becomes signed; ratio new   8  level, x, items widen again, admin and
 *    5  level, speed widen; items and name grow           items grow
 *    6  like 5, with another version                   9  level and name shrink (migrate), pad gone
 *                                                     10  level widens again and becomes signed;
 *                                                         all fields move */
#ifndef TEST_RESHAPED_H
#define TEST_RESHAPED_H

#include <portico/state.h>

#include <stdbool.h>

enum { FIELDS_GENERATIONS = 10, FIELDS_LEVELS = 200, FIELDS_SHORT_NAME = 12 };

/* Opcodes: writes to a state or only reads it (fields_request); joins a room (uint8), answered with
 * its status; asks how many states this generation's migrate has converted (uint32). */
enum { FIELDS_SET = 1, FIELDS_JOIN = 2, FIELDS_COUNT = 3 };
enum { FIELDS_SESSION = 0, FIELDS_ROOM = 1, FIELDS_MODULE = 2 };

/* The `size` bytes that follow are written at `offset` of the state. */
typedef struct fields_request {
    uint64_t session; /* the session to answer; set by the module */
    uint32_t where;
    uint32_t offset;
    uint32_t size;
    uint32_t reserved;
} fields_request;

/* The answer, followed by the whole state. */
typedef struct fields_answer {
    uint32_t generation;
    uint32_t size;
} fields_answer;

/* Not a number to the host. */
typedef struct fields_point {
    int16_t x;
    int16_t y;
    int32_t z;
} fields_point;

/* clang-format off */
#define FIELDS_1(S, FIELD, ARRAY)                                                                          \
    FIELD(S, uint8_t, level) FIELD(S, int16_t, x) FIELD(S, uint16_t, hp) FIELD(S, float, speed)            \
    ARRAY(S, char, name, 8) ARRAY(S, uint16_t, items, 3) FIELD(S, bool, admin) FIELD(S, uint8_t, doomed)   \
    FIELD(S, uint64_t, id) FIELD(S, fields_point, at)
#define FIELDS_2(S, FIELD, ARRAY)                                                                          \
    FIELD(S, uint16_t, level) FIELD(S, int16_t, x) FIELD(S, uint16_t, hp) FIELD(S, float, speed)           \
    FIELD(S, int32_t, gold) ARRAY(S, char, name, 8) ARRAY(S, uint16_t, items, 3) FIELD(S, bool, admin)     \
    FIELD(S, uint64_t, id) FIELD(S, fields_point, at)
#define FIELDS_3(S, FIELD, ARRAY)                                                                          \
    FIELD(S, bool, admin) FIELD(S, uint64_t, id) ARRAY(S, uint16_t, items, 3) FIELD(S, uint16_t, hp)       \
    FIELD(S, fields_point, at) ARRAY(S, uint8_t, pad, 5) ARRAY(S, char, name, 8) FIELD(S, int32_t, gold)   \
    FIELD(S, uint16_t, level) FIELD(S, float, speed) FIELD(S, int16_t, x)
#define FIELDS_4(S, FIELD, ARRAY)                                                                          \
    FIELD(S, bool, admin) FIELD(S, uint64_t, id) ARRAY(S, uint16_t, items, 3) FIELD(S, int32_t, hp)        \
    FIELD(S, fields_point, at) ARRAY(S, uint8_t, pad, 5) ARRAY(S, char, name, 8) FIELD(S, int32_t, gold)   \
    FIELD(S, uint16_t, level) FIELD(S, float, speed) FIELD(S, int32_t, x) FIELD(S, double, ratio)
#define FIELDS_5(S, FIELD, ARRAY)                                                                          \
    FIELD(S, double, ratio) FIELD(S, bool, admin) FIELD(S, uint64_t, id) ARRAY(S, uint16_t, items, 5)      \
    FIELD(S, int32_t, hp) FIELD(S, fields_point, at) ARRAY(S, uint8_t, pad, 5) ARRAY(S, char, name, 24)    \
    FIELD(S, int32_t, gold) FIELD(S, uint32_t, level) FIELD(S, double, speed) FIELD(S, int32_t, x)
#define FIELDS_6 FIELDS_5
#define FIELDS_7(S, FIELD, ARRAY)                                                                          \
    FIELD(S, int64_t, doomed) FIELD(S, bool, admin) FIELD(S, uint64_t, id) ARRAY(S, uint16_t, items, 5)    \
    FIELD(S, int32_t, hp) FIELD(S, fields_point, at) ARRAY(S, uint8_t, pad, 5) ARRAY(S, char, name, 24)    \
    FIELD(S, double, gold) FIELD(S, uint32_t, level) FIELD(S, double, speed) FIELD(S, int32_t, x)
#define FIELDS_8(S, FIELD, ARRAY)                                                                          \
    ARRAY(S, uint32_t, items, 8) FIELD(S, uint64_t, level) FIELD(S, int64_t, doomed)                       \
    ARRAY(S, bool, admin, 3) FIELD(S, uint64_t, id) FIELD(S, int32_t, hp) FIELD(S, fields_point, at)       \
    ARRAY(S, uint8_t, pad, 5) ARRAY(S, char, name, 24) FIELD(S, double, gold) FIELD(S, double, speed)      \
    FIELD(S, int64_t, x)
#define FIELDS_9(S, FIELD, ARRAY)                                                                          \
    ARRAY(S, uint32_t, items, 8) FIELD(S, uint8_t, level) FIELD(S, int64_t, doomed)                        \
    ARRAY(S, bool, admin, 3) FIELD(S, uint64_t, id) FIELD(S, int32_t, hp) FIELD(S, fields_point, at)       \
    ARRAY(S, char, name, FIELDS_SHORT_NAME) FIELD(S, double, gold) FIELD(S, double, speed)                 \
    FIELD(S, int64_t, x)
#define FIELDS_10(S, FIELD, ARRAY)                                                                         \
    FIELD(S, int64_t, x) ARRAY(S, fields_point, path, 9) FIELD(S, double, speed) FIELD(S, double, gold)    \
    FIELD(S, fields_point, at) FIELD(S, int32_t, hp) FIELD(S, uint64_t, id) ARRAY(S, bool, admin, 3)       \
    ARRAY(S, char, name, 40) FIELD(S, int64_t, doomed) FIELD(S, int64_t, level) ARRAY(S, uint64_t, items, 8)
/* clang-format on */

#endif

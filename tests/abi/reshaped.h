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
#define FIELDS_1(S, F)                                                                          \
    F(S, FIELD, uint8_t, level) F(S, FIELD, int16_t, x) F(S, FIELD, uint16_t, hp) F(S, FIELD, float, speed)            \
    F(S, ARRAY, char, name, 8) F(S, ARRAY, uint16_t, items, 3) F(S, FIELD, bool, admin) F(S, FIELD, uint8_t, doomed)   \
    F(S, FIELD, uint64_t, id) F(S, FIELD, fields_point, at)
#define FIELDS_2(S, F)                                                                          \
    F(S, FIELD, uint16_t, level) F(S, FIELD, int16_t, x) F(S, FIELD, uint16_t, hp) F(S, FIELD, float, speed)           \
    F(S, FIELD, int32_t, gold) F(S, ARRAY, char, name, 8) F(S, ARRAY, uint16_t, items, 3) F(S, FIELD, bool, admin)     \
    F(S, FIELD, uint64_t, id) F(S, FIELD, fields_point, at)
#define FIELDS_3(S, F)                                                                          \
    F(S, FIELD, bool, admin) F(S, FIELD, uint64_t, id) F(S, ARRAY, uint16_t, items, 3) F(S, FIELD, uint16_t, hp)       \
    F(S, FIELD, fields_point, at) F(S, ARRAY, uint8_t, pad, 5) F(S, ARRAY, char, name, 8) F(S, FIELD, int32_t, gold)   \
    F(S, FIELD, uint16_t, level) F(S, FIELD, float, speed) F(S, FIELD, int16_t, x)
#define FIELDS_4(S, F)                                                                          \
    F(S, FIELD, bool, admin) F(S, FIELD, uint64_t, id) F(S, ARRAY, uint16_t, items, 3) F(S, FIELD, int32_t, hp)        \
    F(S, FIELD, fields_point, at) F(S, ARRAY, uint8_t, pad, 5) F(S, ARRAY, char, name, 8) F(S, FIELD, int32_t, gold)   \
    F(S, FIELD, uint16_t, level) F(S, FIELD, float, speed) F(S, FIELD, int32_t, x) F(S, FIELD, double, ratio)
#define FIELDS_5(S, F)                                                                          \
    F(S, FIELD, double, ratio) F(S, FIELD, bool, admin) F(S, FIELD, uint64_t, id) F(S, ARRAY, uint16_t, items, 5)      \
    F(S, FIELD, int32_t, hp) F(S, FIELD, fields_point, at) F(S, ARRAY, uint8_t, pad, 5) F(S, ARRAY, char, name, 24)    \
    F(S, FIELD, int32_t, gold) F(S, FIELD, uint32_t, level) F(S, FIELD, double, speed) F(S, FIELD, int32_t, x)
#define FIELDS_6 FIELDS_5
#define FIELDS_7(S, F)                                                                          \
    F(S, FIELD, int64_t, doomed) F(S, FIELD, bool, admin) F(S, FIELD, uint64_t, id) F(S, ARRAY, uint16_t, items, 5)    \
    F(S, FIELD, int32_t, hp) F(S, FIELD, fields_point, at) F(S, ARRAY, uint8_t, pad, 5) F(S, ARRAY, char, name, 24)    \
    F(S, FIELD, double, gold) F(S, FIELD, uint32_t, level) F(S, FIELD, double, speed) F(S, FIELD, int32_t, x)
#define FIELDS_8(S, F)                                                                          \
    F(S, ARRAY, uint32_t, items, 8) F(S, FIELD, uint64_t, level) F(S, FIELD, int64_t, doomed)                       \
    F(S, ARRAY, bool, admin, 3) F(S, FIELD, uint64_t, id) F(S, FIELD, int32_t, hp) F(S, FIELD, fields_point, at)       \
    F(S, ARRAY, uint8_t, pad, 5) F(S, ARRAY, char, name, 24) F(S, FIELD, double, gold) F(S, FIELD, double, speed)      \
    F(S, FIELD, int64_t, x)
#define FIELDS_9(S, F)                                                                          \
    F(S, ARRAY, uint32_t, items, 8) F(S, FIELD, uint8_t, level) F(S, FIELD, int64_t, doomed)                        \
    F(S, ARRAY, bool, admin, 3) F(S, FIELD, uint64_t, id) F(S, FIELD, int32_t, hp) F(S, FIELD, fields_point, at)       \
    F(S, ARRAY, char, name, FIELDS_SHORT_NAME) F(S, FIELD, double, gold) F(S, FIELD, double, speed)                 \
    F(S, FIELD, int64_t, x)
#define FIELDS_10(S, F)                                                                         \
    F(S, FIELD, int64_t, x) F(S, ARRAY, fields_point, path, 9) F(S, FIELD, double, speed) F(S, FIELD, double, gold)    \
    F(S, FIELD, fields_point, at) F(S, FIELD, int32_t, hp) F(S, FIELD, uint64_t, id) F(S, ARRAY, bool, admin, 3)       \
    F(S, ARRAY, char, name, 40) F(S, FIELD, int64_t, doomed) F(S, FIELD, int64_t, level) F(S, ARRAY, uint64_t, items, 8)
/* clang-format on */

#endif

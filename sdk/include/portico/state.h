/* state.h: tells the host which fields a state has. Plain C11, also valid C++11.
 *
 * States stay in the host when their code is replaced. If the new code declares a different struct,
 * the host carries the values over field by field, matched by name, and so must know the fields of
 * both. PORTICO_STATE declares a struct and its fields at once:
 *
 *     #define PLAYER(S, FIELD, ARRAY)   \
 *         FIELD(S, uint32_t, score)     \
 *         FIELD(S, float, x)            \
 *         ARRAY(S, char, name, 32)      \
 *         FIELD(S, portico_session, rival)
 *     PORTICO_STATE(player, PLAYER);
 *
 * is `typedef struct player {...} player;` and `static const portico_state_fields player_fields`,
 * for the `state_fields` of a type or a module. S is the struct; FIELD and ARRAY are what the
 * macros make of each line. PORTICO_DESCRIBE describes a struct that is declared elsewhere.
 *
 * portico.h, at portico_migration, has the rules by which values are carried over.
 */
#ifndef PORTICO_STATE_H
#define PORTICO_STATE_H

#include <stddef.h>
#include <stdint.h>

/* What an element of a field is. The macros derive it from the C type: an enum is the integer that
 * stores it, `char` is text, int8_t and uint8_t are numbers, and whatever is no number is BYTES.
 * Since 0.3 */
enum {
    PORTICO_KIND_BYTES = 1,    /* a struct, union or pointer: copied as it is */
    PORTICO_KIND_SIGNED = 2,   /* 1, 2, 4 or 8 bytes */
    PORTICO_KIND_UNSIGNED = 3, /* 1, 2, 4 or 8 bytes */
    PORTICO_KIND_FLOAT = 4,    /* 4 or 8 bytes */
    PORTICO_KIND_BOOL = 5,     /* 1 byte */
    PORTICO_KIND_CHAR = 6      /* 1 byte */
};

/* One field. Since 0.3 */
typedef struct portico_field {
    const char *name; /* 1 to 63 bytes of text without spaces; unique in the state */
    uint32_t kind;    /* PORTICO_KIND_... */
    uint32_t offset;  /* of its first byte in the state */
    uint32_t size;    /* bytes of one element */
    uint32_t count;   /* number of elements: 1 unless it is an array */
} portico_field;

/* The fields of a state, in any order, without overlaps. The host copies them. Since 0.3 */
typedef struct portico_state_fields {
    uint32_t struct_size;
    uint32_t field_size;  /* sizeof(portico_field) */
    uint32_t field_count; /* up to 1024 */
    uint32_t reserved;
    const portico_field *fields;
} portico_state_fields;

/* The PORTICO_KIND_... of an expression, which is not evaluated. */
#ifdef __cplusplus
extern "C++" { /* this header may be included inside extern "C" */
#include <type_traits>
template <typename T, bool IsEnum = std::is_enum<T>::value> struct portico_kind_of {
    static const uint32_t value =
        !std::is_arithmetic<T>::value || std::is_same<T, long double>::value || sizeof(T) > 8
            ? PORTICO_KIND_BYTES
        : std::is_same<T, bool>::value     ? PORTICO_KIND_BOOL
        : std::is_same<T, char>::value     ? PORTICO_KIND_CHAR
        : std::is_floating_point<T>::value ? PORTICO_KIND_FLOAT
        : std::is_signed<T>::value         ? PORTICO_KIND_SIGNED
                                           : PORTICO_KIND_UNSIGNED;
};
template <typename T>
struct portico_kind_of<T, true> : portico_kind_of<typename std::underlying_type<T>::type, false> {};
}
#define PORTICO_KIND_OF(expression) \
    (portico_kind_of<               \
        std::remove_cv<std::remove_reference<decltype(expression)>::type>::type>::value)
/* The host zeroes and copies states as bytes: no constructor runs. */
#define PORTICO_STATE_PLAIN(S)                                                                     \
    static_assert(std::is_standard_layout<S>::value && std::is_trivially_copyable<S>::value, #S    \
                  " is kept by the host as bytes: no virtual functions, constructors for copies, " \
                  "destructors, references or private members")
#else
/* clang-format off */
#define PORTICO_KIND_OF(expression)                 \
    _Generic((expression),                          \
        _Bool:              PORTICO_KIND_BOOL,      \
        char:               PORTICO_KIND_CHAR,      \
        signed char:        PORTICO_KIND_SIGNED,    \
        short:              PORTICO_KIND_SIGNED,    \
        int:                PORTICO_KIND_SIGNED,    \
        long:               PORTICO_KIND_SIGNED,    \
        long long:          PORTICO_KIND_SIGNED,    \
        unsigned char:      PORTICO_KIND_UNSIGNED,  \
        unsigned short:     PORTICO_KIND_UNSIGNED,  \
        unsigned int:       PORTICO_KIND_UNSIGNED,  \
        unsigned long:      PORTICO_KIND_UNSIGNED,  \
        unsigned long long: PORTICO_KIND_UNSIGNED,  \
        float:              PORTICO_KIND_FLOAT,     \
        double:             PORTICO_KIND_FLOAT,     \
        default:            PORTICO_KIND_BYTES)
/* clang-format on */
#define PORTICO_STATE_PLAIN(S) struct portico_state_is_plain
#endif

/* The portico_field of a member of S, and of an array member. */
/* clang-format off */
#define PORTICO_FIELD(S, name)                                             \
    {#name, PORTICO_KIND_OF(((S *)0)->name), (uint32_t)offsetof(S, name),  \
     (uint32_t)sizeof(((S *)0)->name), 1}
#define PORTICO_ARRAY(S, name)                                                       \
    {#name, PORTICO_KIND_OF(((S *)0)->name[0]), (uint32_t)offsetof(S, name),         \
     (uint32_t)sizeof(((S *)0)->name[0]),                                            \
     (uint32_t)(sizeof(((S *)0)->name) / sizeof(((S *)0)->name[0]))}
/* clang-format on */

/* Describes a struct that is declared elsewhere. Fields that are left out are not carried over.
 *     PORTICO_DESCRIBE(player, PORTICO_FIELD(player, score), PORTICO_ARRAY(player, name));
 * defines `player_fields`. */
#define PORTICO_DESCRIBE(S, ...)                                                 \
    PORTICO_STATE_PLAIN(S);                                                      \
    static const portico_field S##_field_list[] = {__VA_ARGS__};                 \
    static const portico_state_fields S##_fields = {                             \
        (uint32_t)sizeof(portico_state_fields), (uint32_t)sizeof(portico_field), \
        (uint32_t)(sizeof S##_field_list / sizeof S##_field_list[0]), 0, S##_field_list}

/* Declares and describes a struct: see the head of this file. */
#define PORTICO_STATE(S, LIST)                               \
    struct S {                                               \
        LIST(S, PORTICO_STATE_MEMBER, PORTICO_STATE_MEMBERS) \
    };                                                       \
    typedef struct S S;                                      \
    PORTICO_DESCRIBE(S, LIST(S, PORTICO_STATE_FIELD, PORTICO_STATE_ARRAY))

/* What FIELD and ARRAY stand for: first in the struct, then in the list of fields. */
#define PORTICO_STATE_MEMBER(S, type, name) type name;
#define PORTICO_STATE_MEMBERS(S, type, name, count) type name[count];
#define PORTICO_STATE_FIELD(S, type, name) PORTICO_FIELD(S, name),
#define PORTICO_STATE_ARRAY(S, type, name, count) PORTICO_ARRAY(S, name),

#endif

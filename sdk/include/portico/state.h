/* state.h: tells the host which fields a struct has. Plain C11, also valid C++11.
 *
 * States stay in the host when their code is replaced. If the new code declares a different struct,
 * the host carries the values over field by field, matched by name, and so must know the fields of
 * both. PORTICO_STATE declares a struct and its fields at once:
 *
 *     #define ITEM(S, F)                 \
 *         F(S, FIELD, uint32_t, kind)    \
 *         F(S, FIELD, uint32_t, count)
 *     PORTICO_STATE(item, ITEM);
 *
 *     #define PLAYER(S, F)                   \
 *         F(S, FIELD, uint32_t, score)       \
 *         F(S, FIELD, portico_session, foe)  \
 *         F(S, ARRAY, char, name, 32)        \
 *         F(S, STRUCT, item, hand)           \
 *         F(S, STRUCTS, item, bag, 20)
 *     PORTICO_STATE(player, PLAYER);
 *
 * is `typedef struct player {...} player;` and `player_fields`, for PORTICO_STATE_OF(player, 1). S
 * is the struct, and F becomes what the host needs of each line:
 *   FIELD, type, name           a number, or anything else that is copied as it is
 *   ARRAY, type, name, count    several of them; text, if the type is char
 *   STRUCT, type, name          a struct that PORTICO_STATE has declared before
 *   STRUCTS, type, name, count  an array of such structs: carried over row by row, each by name
 * PORTICO_DESCRIBE describes a struct that is declared elsewhere.
 *
 * portico.h, at portico_migration, has the rules by which values are carried over. packet.h
 * declares packets in the same way.
 */
#ifndef PORTICO_STATE_H
#define PORTICO_STATE_H

#include <stddef.h>
#include <stdint.h>

/* The kind of an element of a field. The macros derive it from the C type: an enum is the integer
 * that stores it, `char` is text, int8_t and uint8_t are numbers, and whatever is no number is
 * BYTES. The ids of portico.h are BYTES of 8. */
enum {
    PORTICO_KIND_BYTES = 1,    /* a struct, union or pointer: copied as it is */
    PORTICO_KIND_SIGNED = 2,   /* 1, 2, 4 or 8 bytes */
    PORTICO_KIND_UNSIGNED = 3, /* 1, 2, 4 or 8 bytes */
    PORTICO_KIND_FLOAT = 4,    /* 4 or 8 bytes */
    PORTICO_KIND_BOOL = 5,     /* 1 byte */
    PORTICO_KIND_CHAR = 6,     /* 1 byte */
    PORTICO_KIND_STRUCT = 7    /* a struct with declared fields of its own */
};

/* Whether a field is the last, variable part of a packet, see packet.h. Its `count` is then the
 * most that there may be. */
enum {
    PORTICO_PART_FIXED = 0,   /* `count` elements, always */
    PORTICO_PART_TEXT = 1,    /* char */
    PORTICO_PART_BYTES = 2,   /* uint8_t */
    PORTICO_PART_NUMBERS = 3, /* elements of a number type */
    PORTICO_PART_ROWS = 4     /* PORTICO_KIND_STRUCT */
};

struct portico_fields;

/* One field. */
typedef struct portico_field {
    const char *name;                    /* 1 to 63 bytes of text without spaces; unique */
    const struct portico_fields *fields; /* of one element, for PORTICO_KIND_STRUCT; else NULL */
    uint32_t kind;                       /* PORTICO_KIND_... */
    uint32_t offset;                     /* of its first byte in the struct */
    uint32_t size;                       /* bytes of one element in memory */
    uint32_t count;                      /* number of elements: 1 unless it is an array */
    uint32_t part;                       /* PORTICO_PART_... */
    uint32_t reserved;
} portico_field;

/* The fields of a struct, without overlaps; for a state in any order, for a packet in the order on
 * the wire. The host copies them. */
typedef struct portico_fields {
    const char *name; /* of the struct */
    const portico_field *fields;
    uint32_t field_count; /* up to 1024, structs within included */
    uint32_t field_size;  /* sizeof(portico_field) */
    uint32_t size;        /* of the struct */
    uint32_t reserved;
} portico_fields;

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
#define PORTICO_CONSTANT constexpr
/* The part that C++ adds to a description. The host zeroes and copies structs as bytes: no
 * constructor runs. portico.hpp finds the fields of a type by portico_fields_of. */
#define PORTICO_DESCRIBED(S)                                                                       \
    extern "C++" {                                                                                 \
    PORTICO_UNUSED static constexpr const portico_fields *portico_fields_of(const S *) {           \
        return &S##_fields;                                                                        \
    }                                                                                              \
    }                                                                                              \
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
#define PORTICO_CONSTANT const
#define PORTICO_DESCRIBED(S) struct portico_described
#endif

/* The portico_field of a member of S, of an array member, and of members that are structs with
 * declared fields. */
/* clang-format off */
#define PORTICO_FIELD(S, name)                                                    \
    {#name, NULL, PORTICO_KIND_OF(((S *)0)->name), (uint32_t)offsetof(S, name),   \
     (uint32_t)sizeof(((S *)0)->name), 1, PORTICO_PART_FIXED, 0}
#define PORTICO_ARRAY(S, name)                                                           \
    {#name, NULL, PORTICO_KIND_OF(((S *)0)->name[0]), (uint32_t)offsetof(S, name),       \
     (uint32_t)sizeof(((S *)0)->name[0]),                                                \
     (uint32_t)(sizeof(((S *)0)->name) / sizeof(((S *)0)->name[0])), PORTICO_PART_FIXED, 0}
#define PORTICO_STRUCT(S, type, name)                                                    \
    {#name, &type##_fields, PORTICO_KIND_STRUCT, (uint32_t)offsetof(S, name),            \
     (uint32_t)sizeof(((S *)0)->name), 1, PORTICO_PART_FIXED, 0}
#define PORTICO_STRUCTS(S, type, name)                                                   \
    {#name, &type##_fields, PORTICO_KIND_STRUCT, (uint32_t)offsetof(S, name),            \
     (uint32_t)sizeof(((S *)0)->name[0]),                                                \
     (uint32_t)(sizeof(((S *)0)->name) / sizeof(((S *)0)->name[0])), PORTICO_PART_FIXED, 0}
/* clang-format on */

/* Describes a struct that is declared elsewhere. Fields that are left out are not carried over.
 *     PORTICO_DESCRIBE(player, PORTICO_FIELD(player, score), PORTICO_ARRAY(player, name));
 * defines `player_fields`. */
#define PORTICO_DESCRIBE(S, ...)                                                           \
    PORTICO_UNUSED static PORTICO_CONSTANT portico_field S##_field_list[] = {__VA_ARGS__}; \
    PORTICO_UNUSED static PORTICO_CONSTANT portico_fields S##_fields = {                   \
        #S,                                                                                \
        S##_field_list,                                                                    \
        (uint32_t)(sizeof S##_field_list / sizeof S##_field_list[0]),                      \
        (uint32_t)sizeof(portico_field),                                                   \
        (uint32_t)sizeof(S),                                                               \
        0};                                                                                \
    PORTICO_DESCRIBED(S)
#if defined(__GNUC__)
#define PORTICO_UNUSED __attribute__((unused))
#else
#define PORTICO_UNUSED
#endif

/* Declares and describes a struct: see the head of this file. */
#define PORTICO_STATE(S, LIST)        \
    struct S {                        \
        LIST(S, PORTICO_STATE_MEMBER) \
    };                                \
    typedef struct S S;               \
    PORTICO_DESCRIBE(S, LIST(S, PORTICO_STATE_ROW))

/* F becomes first the members of the struct, then the rows of the list of fields. */
#define PORTICO_STATE_MEMBER(S, what, ...) PORTICO_MEMBER_##what(S, __VA_ARGS__)
#define PORTICO_MEMBER_FIELD(S, type, name) type name;
#define PORTICO_MEMBER_ARRAY(S, type, name, count) type name[count];
#define PORTICO_MEMBER_STRUCT(S, type, name) type name;
#define PORTICO_MEMBER_STRUCTS(S, type, name, count) type name[count];
#define PORTICO_STATE_ROW(S, what, ...) PORTICO_ROW_##what(S, __VA_ARGS__)
#define PORTICO_ROW_FIELD(S, type, name) PORTICO_FIELD(S, name),
#define PORTICO_ROW_ARRAY(S, type, name, count) PORTICO_ARRAY(S, name),
#define PORTICO_ROW_STRUCT(S, type, name) PORTICO_STRUCT(S, type, name),
#define PORTICO_ROW_STRUCTS(S, type, name, count) PORTICO_STRUCTS(S, type, name),

#endif

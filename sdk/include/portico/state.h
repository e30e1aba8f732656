/* state.h: how a module tells the host which fields a state block has. Plain C11, also valid C++11.
 *
 * The host keeps state while code is replaced. Where the new code's struct is another one, it takes the values
 * over field by field, found again by name; so it must know the fields of both. PORTICO_STATE declares a struct
 * and its fields in one go:
 *
 *     #define PLAYER(S, FIELD, ARRAY)   \
 *         FIELD(S, uint32_t, score)     \
 *         FIELD(S, float, x)            \
 *         ARRAY(S, char, name, 32)      \
 *         FIELD(S, portico_session, rival)
 *     PORTICO_STATE(player, PLAYER);
 *
 * is `typedef struct player {...} player;` and `static const portico_state_fields player_fields`, which goes
 * into a type's or the module's `state_fields`. S stands for the struct, FIELD and ARRAY for what is made of a
 * line. A struct that is declared already is described by PORTICO_DESCRIBE.
 *
 * The rules by which values are taken over stand at portico_migration in portico.h.
 */
#ifndef PORTICO_STATE_H
#define PORTICO_STATE_H

#include <stddef.h>
#include <stdint.h>

/* What an element of a field is. The macros find it by the C type: an enum is the integer that it is stored
 * as, `char` is text, but int8_t and uint8_t are numbers, and all that is no number is BYTES. Since 0.3 */
enum {
    PORTICO_KIND_BYTES = 1,    /* a struct, a union, a pointer: copied, never looked into */
    PORTICO_KIND_SIGNED = 2,   /* 1, 2, 4 or 8 bytes */
    PORTICO_KIND_UNSIGNED = 3, /* the same */
    PORTICO_KIND_FLOAT = 4,    /* 4 or 8 bytes */
    PORTICO_KIND_BOOL = 5,     /* 1 byte */
    PORTICO_KIND_CHAR = 6      /* 1 byte */
};

/* One field. Since 0.3 */
typedef struct portico_field {
    const char *name; /* 1 to 63 bytes of text without blanks; unique in the state */
    uint32_t kind;    /* PORTICO_KIND_... */
    uint32_t offset;  /* of its first byte in the state */
    uint32_t size;    /* bytes of one element */
    uint32_t count;   /* elements: 1, or as many as the array has */
} portico_field;

/* The fields of a state, in any order, none over another. Copied by the host. Since 0.3 */
typedef struct portico_state_fields {
    uint32_t struct_size;
    uint32_t field_size;  /* sizeof(portico_field): the way from one to the next */
    uint32_t field_count; /* up to 1024 */
    uint32_t reserved;
    const portico_field *fields;
} portico_state_fields;

/* PORTICO_KIND_... of an expression, which is not evaluated. */
#ifdef __cplusplus
extern "C++" { /* for those who include this header inside extern "C" */
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
/* The host copies states byte by byte, and begins them as zeros: no constructor runs. */
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

/* A portico_field for a member of S that is no array, and for one that is. */
/* clang-format off */
#define PORTICO_FIELD(S, name)                                             \
    {#name, PORTICO_KIND_OF(((S *)0)->name), (uint32_t)offsetof(S, name),  \
     (uint32_t)sizeof(((S *)0)->name), 1}
#define PORTICO_ARRAY(S, name)                                                \
    {#name, PORTICO_KIND_OF(((S *)0)->name[0]), (uint32_t)offsetof(S, name),  \
     (uint32_t)sizeof(((S *)0)->name[0]), (uint32_t)(sizeof(((S *)0)->name) / sizeof(((S *)0)->name[0]))}
/* clang-format on */

/* Describes a struct that is declared elsewhere. What is left out here is not taken over:
 *     PORTICO_DESCRIBE(player, PORTICO_FIELD(player, score), PORTICO_ARRAY(player, name));
 * makes `player_fields`. */
#define PORTICO_DESCRIBE(S, ...)                                                 \
    PORTICO_STATE_PLAIN(S);                                                      \
    static const portico_field S##_field_list[] = {__VA_ARGS__};                 \
    static const portico_state_fields S##_fields = {                             \
        (uint32_t)sizeof(portico_state_fields), (uint32_t)sizeof(portico_field), \
        (uint32_t)(sizeof S##_field_list / sizeof S##_field_list[0]), 0, S##_field_list}

/* Declares and describes a struct, see the head of this file. */
#define PORTICO_STATE(S, LIST)                               \
    struct S {                                               \
        LIST(S, PORTICO_STATE_MEMBER, PORTICO_STATE_MEMBERS) \
    };                                                       \
    typedef struct S S;                                      \
    PORTICO_DESCRIBE(S, LIST(S, PORTICO_STATE_FIELD, PORTICO_STATE_ARRAY))

/* What the two make of a line of a list. */
#define PORTICO_STATE_MEMBER(S, type, name) type name;
#define PORTICO_STATE_MEMBERS(S, type, name, count) type name[count];
#define PORTICO_STATE_FIELD(S, type, name) PORTICO_FIELD(S, name),
#define PORTICO_STATE_ARRAY(S, type, name, count) PORTICO_ARRAY(S, name),

#endif

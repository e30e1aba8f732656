/* packet.h: declares packets, so that nobody shifts a byte by hand. Plain C11, also valid C++11.
 *
 *     #define MOVE(S, F)              \
 *         F(S, FIELD, int16_t, dx)    \
 *         F(S, FIELD, int16_t, dy)
 *     PORTICO_PACKET(move, MOVE);
 *
 *     #define PLACE(S, F)                \
 *         F(S, FIELD, uint16_t, number)  \
 *         F(S, FIELD, float, x)          \
 *         F(S, FIELD, float, y)
 *     PORTICO_PACKET(place, PLACE);
 *
 *     #define SNAPSHOT(S, F)          \
 *         F(S, FIELD, uint32_t, tick) \
 *         F(S, ROWS, place, places, 256)
 *     PORTICO_PACKET(snapshot, SNAPSHOT);
 *
 * is `typedef struct move {...} move;` and so on. On the wire the fields follow each other without
 * padding, in this order; numbers are little endian. S is the struct, F what is made of each line:
 *   FIELD, type, name            a number, an enum or a bool. Use int16_t and the like: `long` has
 *                                another size on another system. A bool is one byte, 0 or 1
 *   ARRAY, type, name, count     always `count` of them. Of char: a text that ends with a zero, and
 *                                zeros after it
 *   STRUCT, packet, name         a packet that PORTICO_PACKET has declared before, as a part
 *   STRUCTS, packet, name, count always `count` of them
 * The last line may be a part of variable size. It has no count on the wire, since it takes the
 * rest of the packet:
 *   TEXT, name, max              up to `max` bytes of UTF-8 without zeros: `const char *name;
 *                                uint32_t name_size;`. In a handler `name` points into the packet,
 *                                and a zero follows
 *   BYTES, name, max             up to `max` bytes of anything: `const uint8_t *name; uint32_t
 *                                name_size;`
 *   NUMBERS, type, name, max     up to `max` numbers: `type name[max]; uint32_t name_count;`
 *   ROWS, packet, name, max      up to `max` packets without a variable part: `packet name[max];
 *                                uint32_t name_count;`
 *
 * A packet that arrives is checked by the host: size, bools, texts. If it does not fit, the session
 * is closed with PORTICO_E_FRAME and the log says which field is wrong. So handlers check only what
 * the declaration does not say: ranges of numbers, values of enums, floats that are no number.
 *
 * PORTICO_OPCODES makes a table of opcodes, whose handlers receive the packet as a struct and the
 * state with its type:
 *
 *     static void player_on_move(portico_session session, player *p, const move *m);
 *     static void player_on_hit(portico_session session, player *p);
 *     static void player_on_blob(portico_session session, void *p, const portico_packet *packet);
 *
 *     #define PLAYER_OPCODES(S, ON)                 \
 *         ON(S, PACKET, MOVE, move, player_on_move) \
 *         ON(S, EMPTY, HIT, player_on_hit)          \
 *         ON(S, RAW, BLOB, 0, 200, player_on_blob)
 *     PORTICO_OPCODES(player_opcodes, player, PLAYER_OPCODES);
 *
 * is `static const portico_opcode player_opcodes[]`, for `.opcodes =
 * PORTICO_TABLE(player_opcodes)`. S is the struct of the state, `void` if there is none.
 *
 * For a packet `move` there are also
 *   portico_status move_send(session, opcode, const move *)
 *   uint32_t move_send_room(room, opcode, const move *, except)
 *   uint32_t move_send_channel(channel, opcode, const move *, except)
 *       which send it, like session_send, room_send and channel_send
 *   portico_status move_encode(const move *, buffer, capacity, uint32_t *size)
 *       which writes it to a buffer
 *   bool move_decode(move *, data, size)
 *       which reads one that the host has not checked. False: it does not fit. Does not check that
 *       texts are UTF-8
 *   move_size_min, move_size_max
 *       the bytes that it can have on the wire
 *   move_fields
 *       its description, for PORTICO_SENDS
 * Encoding fails with PORTICO_E_TOO_BIG if `capacity` does not suffice, and with PORTICO_E_INVALID
 * if a part is larger than its `max`, or a text in an array does not end. Nothing is sent then, and
 * the log says so.
 */
#ifndef PORTICO_PACKET_H
#define PORTICO_PACKET_H

#include <portico/wire.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The most bytes of a declared packet: it is decoded on the stack. */
#define PORTICO_PACKET_MAX 65536

/* ---- what the macros need ------------------------------------------------------------------- */

#ifdef __cplusplus
#define PORTICO_STATIC_ASSERT static_assert
/* The size of a state struct; 0 of void. */
extern "C++" {
template <typename S> struct portico_state_bytes { static const uint32_t value = sizeof(S); };
template <> struct portico_state_bytes<void> { static const uint32_t value = 0; };
}
#define PORTICO_STATE_BYTES(S) (portico_state_bytes<S>::value)
/* One name for all packets, which portico.hpp calls. */
#define PORTICO_PACKET_DESCRIBED(P)                                                               \
    extern "C++" {                                                                                \
    PORTICO_UNUSED static inline bool portico_packet_read(P *packet_, const uint8_t *data_,       \
                                                          uint32_t size_) {                       \
        return P##_decode(packet_, data_, size_);                                                 \
    }                                                                                             \
    PORTICO_UNUSED static inline portico_status portico_packet_send(portico_session session_,     \
                                                                    uint16_t opcode_,             \
                                                                    const P *packet_) {           \
        return P##_send(session_, opcode_, packet_);                                              \
    }                                                                                             \
    PORTICO_UNUSED static inline uint32_t portico_packet_send(portico_room room_,                 \
                                                              uint16_t opcode_, const P *packet_, \
                                                              portico_session except_) {          \
        return P##_send_room(room_, opcode_, packet_, except_);                                   \
    }                                                                                             \
    PORTICO_UNUSED static inline uint32_t portico_packet_send(const char *channel_,               \
                                                              uint16_t opcode_, const P *packet_, \
                                                              portico_session except_) {          \
        return P##_send_channel(channel_, opcode_, packet_, except_);                             \
    }                                                                                             \
    }                                                                                             \
    PORTICO_DESCRIBED(P)
#else
#define PORTICO_STATIC_ASSERT _Static_assert
#define PORTICO_STATE_BYTES(S) \
    (_Generic((S *)0, void *: 0u, default: 1u) *  \
     (uint32_t)sizeof(*_Generic((S *)0, void *: (char *)0, default: (S *)0)))
#define PORTICO_PACKET_DESCRIBED(P) PORTICO_DESCRIBED(P)
#endif

/* Writes `count` elements, and returns where the next field goes. */
PORTICO_INLINE uint8_t *portico_packet_put(uint8_t *at, const void *from, uint32_t kind,
                                           uint32_t size, uint32_t count, bool *ok) {
    if (kind == PORTICO_KIND_CHAR) {
        const void *end = memchr(from, 0, count);
        size_t used = end != NULL ? (size_t)((const char *)end - (const char *)from) : 0;
        *ok = *ok && end != NULL;
        memcpy(at, from, used);
        memset(at + used, 0, count - used);
    } else {
        portico_wire_copy(at, from, size, count);
    }
    return at + (size_t)size * count;
}

/* Reads `count` elements, and returns where the next field is. */
PORTICO_INLINE const uint8_t *portico_packet_get(const uint8_t *at, void *to, uint32_t kind,
                                                 uint32_t size, uint32_t count, bool *ok) {
    if (kind == PORTICO_KIND_BOOL) {
        for (uint32_t i = 0; i < count; i++) {
            *ok = *ok && at[i] <= 1;
            ((bool *)to)[i] = at[i] != 0;
        }
    } else {
        *ok = *ok && (kind != PORTICO_KIND_CHAR || at[count - 1] == 0);
        portico_wire_copy(to, at, size, count);
    }
    return at + (size_t)size * count;
}

/* The bytes of `count` elements in a variable part. */
PORTICO_INLINE uint32_t portico_packet_rest(uint32_t size, uint32_t count, uint32_t max, bool *ok) {
    *ok = *ok && count <= max;
    return *ok ? size * count : 0;
}

static inline void portico_packet_unfit(const char *name) {
    portico_logf(PORTICO_LOG_ERROR,
                 "packet %s is not sent: a part is larger than declared, or a text does not end",
                 name);
}

/* ---- the macros ----------------------------------------------------------------------------- */

/* Types, members and parts of expressions cannot have parentheses.
 * NOLINTBEGIN(bugprone-macro-parentheses) */
/* clang-format off */

/* Declares a packet: see the head of this file. P_put writes to a buffer that is large enough,
 * P_get reads P_size_min bytes and then `rest_`. */
#define PORTICO_PACKET(P, LIST)                                                                   \
    struct P {                                                                                    \
        LIST(P, PORTICO_PACKET_MEMBER)                                                            \
    };                                                                                            \
    typedef struct P P;                                                                           \
    enum {                                                                                        \
        P##_size_min = (int)(0 LIST(P, PORTICO_PACKET_FIXED)),                                    \
        P##_size_max = (int)(0 LIST(P, PORTICO_PACKET_FIXED) LIST(P, PORTICO_PACKET_MAXIMUM))     \
    };                                                                                            \
    PORTICO_STATIC_ASSERT((0 LIST(P, PORTICO_PACKET_FIXED) LIST(P, PORTICO_PACKET_MAXIMUM)) <=    \
                              PORTICO_PACKET_MAX,                                                 \
                          "packet " #P ": more than PORTICO_PACKET_MAX bytes");                   \
    /* A field moves out the high half, a variable part moves the low half up: 0 is left if a */  \
    /* variable part is followed by anything. */                                                  \
    PORTICO_STATIC_ASSERT((UINT64_C(1) LIST(P, PORTICO_PACKET_ORDER)) != 0,                       \
                          "packet " #P ": only the last part may have a variable size");          \
    PORTICO_UNUSED static inline uint8_t *P##_put(uint8_t *at_, const P *packet_, bool *ok_) {    \
        LIST(P, PORTICO_PACKET_PUT)                                                               \
        return at_;                                                                               \
    }                                                                                             \
    PORTICO_UNUSED static inline bool P##_get(P *packet_, const uint8_t *at_, uint32_t rest_) {   \
        bool ok_ = true;                                                                          \
        LIST(P, PORTICO_PACKET_GET)                                                               \
        (void)at_, (void)rest_;                                                                   \
        return ok_;                                                                               \
    }                                                                                             \
    PORTICO_UNUSED static inline portico_status P##_encode(const P *packet_, uint8_t *buffer_,    \
                                                           uint32_t capacity_, uint32_t *size_) { \
        bool ok_ = true;                                                                          \
        const uint32_t need_ = (uint32_t)P##_size_min LIST(P, PORTICO_PACKET_NEED);               \
        *size_ = 0;                                                                               \
        if (!ok_) {                                                                               \
            return PORTICO_E_INVALID;                                                             \
        }                                                                                         \
        if (need_ > capacity_) {                                                                  \
            return PORTICO_E_TOO_BIG;                                                             \
        }                                                                                         \
        (void)P##_put(buffer_, packet_, &ok_);                                                    \
        *size_ = ok_ ? need_ : 0;                                                                 \
        return ok_ ? PORTICO_OK : PORTICO_E_INVALID;                                              \
    }                                                                                             \
    PORTICO_UNUSED static inline bool P##_decode(P *packet_, const uint8_t *data_,                \
                                                 uint32_t size_) {                                \
        const uint32_t rest_ = size_ - (uint32_t)P##_size_min; /* wraps if it is too short */     \
        return rest_ <= (uint32_t)(P##_size_max - P##_size_min) && P##_get(packet_, data_, rest_); \
    }                                                                                             \
    PORTICO_UNUSED static inline portico_status P##_send(portico_session session_,                \
                                                         uint16_t opcode_, const P *packet_) {    \
        uint8_t bytes_[P##_size_max];                                                             \
        uint32_t size_ = 0;                                                                       \
        portico_status status_ = P##_encode(packet_, bytes_, (uint32_t)sizeof bytes_, &size_);    \
        if (status_ != PORTICO_OK) {                                                              \
            portico_packet_unfit(#P);                                                             \
            return status_;                                                                       \
        }                                                                                         \
        return portico->session_send(session_, opcode_, bytes_, size_);                           \
    }                                                                                             \
    PORTICO_UNUSED static inline uint32_t P##_send_room(                                          \
        portico_room room_, uint16_t opcode_, const P *packet_, portico_session except_) {        \
        uint8_t bytes_[P##_size_max];                                                             \
        uint32_t size_ = 0;                                                                       \
        if (P##_encode(packet_, bytes_, (uint32_t)sizeof bytes_, &size_) != PORTICO_OK) {         \
            portico_packet_unfit(#P);                                                             \
            return 0;                                                                             \
        }                                                                                         \
        return portico->room_send(room_, opcode_, bytes_, size_, except_);                        \
    }                                                                                             \
    PORTICO_UNUSED static inline uint32_t P##_send_channel(                                       \
        const char *channel_, uint16_t opcode_, const P *packet_, portico_session except_) {      \
        uint8_t bytes_[P##_size_max];                                                             \
        uint32_t size_ = 0;                                                                       \
        if (P##_encode(packet_, bytes_, (uint32_t)sizeof bytes_, &size_) != PORTICO_OK) {         \
            portico_packet_unfit(#P);                                                             \
            return 0;                                                                             \
        }                                                                                         \
        return portico->channel_send(channel_, opcode_, bytes_, size_, except_);                  \
    }                                                                                             \
    PORTICO_UNUSED static PORTICO_CONSTANT portico_field P##_field_list[] = {                     \
        LIST(P, PORTICO_PACKET_ROW)};                                                             \
    PORTICO_UNUSED static PORTICO_CONSTANT portico_fields P##_fields = {                          \
        #P, P##_field_list, (uint32_t)(sizeof P##_field_list / sizeof P##_field_list[0]),         \
        (uint32_t)sizeof(portico_field), (uint32_t)sizeof(P), 0};                                 \
    PORTICO_PACKET_DESCRIBED(P)

/* Members of the struct. */
#define PORTICO_PACKET_MEMBER(S, what, ...) PORTICO_PACKET_MEMBER_##what(S, __VA_ARGS__)
#define PORTICO_PACKET_MEMBER_FIELD(S, type, name) type name;
#define PORTICO_PACKET_MEMBER_ARRAY(S, type, name, count) type name[count];
#define PORTICO_PACKET_MEMBER_STRUCT(S, type, name) type name;
#define PORTICO_PACKET_MEMBER_STRUCTS(S, type, name, count) type name[count];
#define PORTICO_PACKET_MEMBER_TEXT(S, name, max) const char *name; uint32_t name##_size;
#define PORTICO_PACKET_MEMBER_BYTES(S, name, max) const uint8_t *name; uint32_t name##_size;
#define PORTICO_PACKET_MEMBER_NUMBERS(S, type, name, max) type name[max]; uint32_t name##_count;
#define PORTICO_PACKET_MEMBER_ROWS(S, type, name, max) type name[max]; uint32_t name##_count;

/* Rows of the description. */
#define PORTICO_PACKET_ROW(S, what, ...) PORTICO_PACKET_ROW_##what(S, __VA_ARGS__)
#define PORTICO_PACKET_ROW_FIELD(S, type, name) PORTICO_FIELD(S, name),
#define PORTICO_PACKET_ROW_ARRAY(S, type, name, count) PORTICO_ARRAY(S, name),
#define PORTICO_PACKET_ROW_STRUCT(S, type, name) PORTICO_STRUCT(S, type, name),
#define PORTICO_PACKET_ROW_STRUCTS(S, type, name, count) PORTICO_STRUCTS(S, type, name),
#define PORTICO_PACKET_ROW_TEXT(S, name, max) \
    {#name, NULL, PORTICO_KIND_CHAR, (uint32_t)offsetof(S, name), 1, (max), PORTICO_PART_TEXT, 0},
#define PORTICO_PACKET_ROW_BYTES(S, name, max) \
    {#name, NULL, PORTICO_KIND_UNSIGNED, (uint32_t)offsetof(S, name), 1, (max), \
     PORTICO_PART_BYTES, 0},
#define PORTICO_PACKET_ROW_NUMBERS(S, type, name, max) \
    {#name, NULL, PORTICO_KIND_OF(((S *)0)->name[0]), (uint32_t)offsetof(S, name), \
     (uint32_t)sizeof(type), (max), PORTICO_PART_NUMBERS, 0},
#define PORTICO_PACKET_ROW_ROWS(S, type, name, max) \
    {#name, &type##_fields, PORTICO_KIND_STRUCT, (uint32_t)offsetof(S, name), \
     (uint32_t)sizeof(type), (max), PORTICO_PART_ROWS, 0},

/* Bytes on the wire that are always there. */
#define PORTICO_PACKET_FIXED(S, what, ...) PORTICO_PACKET_FIXED_##what(S, __VA_ARGS__)
#define PORTICO_PACKET_FIXED_FIELD(S, type, name) + sizeof(type)
#define PORTICO_PACKET_FIXED_ARRAY(S, type, name, count) + sizeof(type) * (count)
#define PORTICO_PACKET_FIXED_STRUCT(S, type, name) + (size_t)type##_size_max
#define PORTICO_PACKET_FIXED_STRUCTS(S, type, name, count) + (size_t)type##_size_max * (count)
#define PORTICO_PACKET_FIXED_TEXT(S, name, max)
#define PORTICO_PACKET_FIXED_BYTES(S, name, max)
#define PORTICO_PACKET_FIXED_NUMBERS(S, type, name, max)
#define PORTICO_PACKET_FIXED_ROWS(S, type, name, max)

/* The most bytes of the variable part. */
#define PORTICO_PACKET_MAXIMUM(S, what, ...) PORTICO_PACKET_MAXIMUM_##what(S, __VA_ARGS__)
#define PORTICO_PACKET_MAXIMUM_FIELD(S, type, name)
#define PORTICO_PACKET_MAXIMUM_ARRAY(S, type, name, count)
#define PORTICO_PACKET_MAXIMUM_STRUCT(S, type, name)
#define PORTICO_PACKET_MAXIMUM_STRUCTS(S, type, name, count)
#define PORTICO_PACKET_MAXIMUM_TEXT(S, name, max) + (size_t)(max)
#define PORTICO_PACKET_MAXIMUM_BYTES(S, name, max) + (size_t)(max)
#define PORTICO_PACKET_MAXIMUM_NUMBERS(S, type, name, max) + sizeof(type) * (max)
#define PORTICO_PACKET_MAXIMUM_ROWS(S, type, name, max) + (size_t)type##_size_max * (max)

#define PORTICO_PACKET_ORDER(S, what, ...) PORTICO_PACKET_ORDER_##what
#define PORTICO_PACKET_ORDER_FIELD << 32 >> 32
#define PORTICO_PACKET_ORDER_ARRAY << 32 >> 32
#define PORTICO_PACKET_ORDER_STRUCT << 32 >> 32
#define PORTICO_PACKET_ORDER_STRUCTS << 32 >> 32
#define PORTICO_PACKET_ORDER_TEXT << 32
#define PORTICO_PACKET_ORDER_BYTES << 32
#define PORTICO_PACKET_ORDER_NUMBERS << 32
#define PORTICO_PACKET_ORDER_ROWS << 32

/* Bytes of the variable part of a given packet. */
#define PORTICO_PACKET_NEED(S, what, ...) PORTICO_PACKET_NEED_##what(S, __VA_ARGS__)
#define PORTICO_PACKET_NEED_FIELD(S, type, name)
#define PORTICO_PACKET_NEED_ARRAY(S, type, name, count)
#define PORTICO_PACKET_NEED_STRUCT(S, type, name)
#define PORTICO_PACKET_NEED_STRUCTS(S, type, name, count)
#define PORTICO_PACKET_NEED_TEXT(S, name, max) \
    + portico_packet_rest(1, packet_->name##_size, (max), &ok_)
#define PORTICO_PACKET_NEED_BYTES(S, name, max) \
    + portico_packet_rest(1, packet_->name##_size, (max), &ok_)
#define PORTICO_PACKET_NEED_NUMBERS(S, type, name, max) \
    + portico_packet_rest((uint32_t)sizeof(type), packet_->name##_count, (max), &ok_)
#define PORTICO_PACKET_NEED_ROWS(S, type, name, max) \
    + portico_packet_rest((uint32_t)type##_size_max, packet_->name##_count, (max), &ok_)

/* Writing. */
#define PORTICO_PACKET_PUT(S, what, ...) PORTICO_PACKET_PUT_##what(S, __VA_ARGS__)
#define PORTICO_PACKET_PUT_FIELD(S, type, name)                                    \
    at_ = portico_packet_put(at_, &packet_->name, PORTICO_KIND_OF(packet_->name), \
                             (uint32_t)sizeof(type), 1, ok_);
#define PORTICO_PACKET_PUT_ARRAY(S, type, name, count)                               \
    at_ = portico_packet_put(at_, packet_->name, PORTICO_KIND_OF(packet_->name[0]), \
                             (uint32_t)sizeof(type), (count), ok_);
#define PORTICO_PACKET_PUT_STRUCT(S, type, name) at_ = type##_put(at_, &packet_->name, ok_);
#define PORTICO_PACKET_PUT_STRUCTS(S, type, name, count) \
    for (uint32_t i_ = 0; i_ < (count); i_++) {          \
        at_ = type##_put(at_, &packet_->name[i_], ok_);  \
    }
#define PORTICO_PACKET_PUT_TEXT(S, name, max) PORTICO_PACKET_PUT_BYTES(S, name, max)
#define PORTICO_PACKET_PUT_BYTES(S, name, max)             \
    (void)ok_;                                             \
    if (packet_->name##_size > 0) {                        \
        memcpy(at_, packet_->name, packet_->name##_size);  \
    }                                                      \
    at_ += packet_->name##_size;
#define PORTICO_PACKET_PUT_NUMBERS(S, type, name, max)                                   \
    (void)ok_;                                                                           \
    portico_wire_copy(at_, packet_->name, (uint32_t)sizeof(type), packet_->name##_count); \
    at_ += sizeof(type) * packet_->name##_count;
#define PORTICO_PACKET_PUT_ROWS(S, type, name, max) \
    PORTICO_PACKET_PUT_STRUCTS(S, type, name, packet_->name##_count)

/* Reading. The parts fit into the struct: P_decode has checked the size. */
#define PORTICO_PACKET_GET(S, what, ...) PORTICO_PACKET_GET_##what(S, __VA_ARGS__)
#define PORTICO_PACKET_GET_FIELD(S, type, name)                                         \
    PORTICO_STATIC_ASSERT(PORTICO_KIND_OF(packet_->name) != PORTICO_KIND_BYTES &&      \
                              PORTICO_KIND_OF(packet_->name) != PORTICO_KIND_CHAR,     \
                          "field " #name ": FIELD is a number, an enum or a bool");     \
    at_ = portico_packet_get(at_, &packet_->name, PORTICO_KIND_OF(packet_->name),      \
                             (uint32_t)sizeof(type), 1, &ok_);
#define PORTICO_PACKET_GET_ARRAY(S, type, name, count)                                            \
    PORTICO_STATIC_ASSERT(PORTICO_KIND_OF(packet_->name[0]) != PORTICO_KIND_BYTES,               \
                          "field " #name ": ARRAY is of numbers, enums, bools or char");          \
    PORTICO_STATIC_ASSERT(PORTICO_KIND_OF(packet_->name[0]) != PORTICO_KIND_CHAR || (count) > 1, \
                          "field " #name ": a text has a zero at its end");                       \
    at_ = portico_packet_get(at_, packet_->name, PORTICO_KIND_OF(packet_->name[0]),              \
                             (uint32_t)sizeof(type), (count), &ok_);
#define PORTICO_PACKET_GET_STRUCT(S, type, name)                                       \
    PORTICO_STATIC_ASSERT((int)type##_size_min == (int)type##_size_max,                \
                          "field " #name ": " #type " has a part of variable size");   \
    ok_ = type##_get(&packet_->name, at_, 0) && ok_;                                   \
    at_ += type##_size_min;
#define PORTICO_PACKET_GET_STRUCTS(S, type, name, count)                               \
    PORTICO_STATIC_ASSERT((int)type##_size_min == (int)type##_size_max,                \
                          "field " #name ": " #type " has a part of variable size");   \
    for (uint32_t i_ = 0; i_ < (count); i_++, at_ += type##_size_min) {                \
        ok_ = type##_get(&packet_->name[i_], at_, 0) && ok_;                           \
    }
#define PORTICO_PACKET_GET_TEXT(S, name, max) \
    packet_->name = (const char *)at_;        \
    packet_->name##_size = rest_;
#define PORTICO_PACKET_GET_BYTES(S, name, max) \
    packet_->name = at_;                       \
    packet_->name##_size = rest_;
#define PORTICO_PACKET_GET_NUMBERS(S, type, name, max)                                     \
    PORTICO_STATIC_ASSERT(PORTICO_KIND_OF(packet_->name[0]) >= PORTICO_KIND_SIGNED &&     \
                              PORTICO_KIND_OF(packet_->name[0]) <= PORTICO_KIND_FLOAT,    \
                          "field " #name ": NUMBERS are integers or floats");              \
    packet_->name##_count = rest_ / (uint32_t)sizeof(type);                                \
    ok_ = ok_ && rest_ % (uint32_t)sizeof(type) == 0;                                      \
    portico_wire_copy(packet_->name, at_, (uint32_t)sizeof(type), packet_->name##_count);
#define PORTICO_PACKET_GET_ROWS(S, type, name, max)         \
    packet_->name##_count = rest_ / type##_size_min;        \
    ok_ = ok_ && rest_ % type##_size_min == 0;              \
    PORTICO_PACKET_GET_STRUCTS(S, type, name, packet_->name##_count)

/* Makes a table of opcodes: see the head of this file. */
#define PORTICO_OPCODES(table, S, LIST) \
    LIST(S, PORTICO_OPCODE_FUNCTION)    \
    static const portico_opcode table[] = {LIST(S, PORTICO_OPCODE_ROW)}

/* The function that the host calls: it decodes and calls the handler. The host has checked the
 * packet, so decoding does not fail. */
#define PORTICO_OPCODE_FUNCTION(S, what, ...) PORTICO_OPCODE_FUNCTION_##what(S, __VA_ARGS__)
#define PORTICO_OPCODE_FUNCTION_PACKET(S, opcode, P, handler)                         \
    static void handler##_##opcode(portico_session session_, void *state_,            \
                                   const portico_packet *packet_) {                   \
        P decoded_;                                                                   \
        if (P##_decode(&decoded_, packet_->data, packet_->size)) {                    \
            handler(session_, (S *)state_, &decoded_);                                \
        }                                                                             \
    }
#define PORTICO_OPCODE_FUNCTION_EMPTY(S, opcode, handler)                             \
    static void handler##_##opcode(portico_session session_, void *state_,            \
                                   const portico_packet *packet_) {                   \
        (void)packet_;                                                                \
        handler(session_, (S *)state_);                                               \
    }
#define PORTICO_OPCODE_FUNCTION_RAW(S, opcode, size_min, size_max, handler)

#define PORTICO_OPCODE_ROW(S, what, ...) PORTICO_OPCODE_ROW_##what(S, __VA_ARGS__)
#define PORTICO_OPCODE_ROW_PACKET(S, opcode, P, handler) \
    {handler##_##opcode, &P##_fields, #opcode, 0, 0, (opcode), 0, PORTICO_STATE_BYTES(S)},
#define PORTICO_OPCODE_ROW_EMPTY(S, opcode, handler) \
    {handler##_##opcode, NULL, #opcode, 0, 0, (opcode), 0, PORTICO_STATE_BYTES(S)},
#define PORTICO_OPCODE_ROW_RAW(S, opcode, size_min, size_max, handler) \
    PORTICO_RAW(opcode, (size_min), (size_max), handler),

/* clang-format on */
/* NOLINTEND(bugprone-macro-parentheses) */

#ifdef __cplusplus
}
#endif
#endif

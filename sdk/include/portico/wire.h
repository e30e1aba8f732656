/* wire.h: reads little-endian numbers from a packet and writes them, one after the other, and sends
 * formatted text. For packets whose shape depends on what they contain; for all others packet.h is
 * shorter. Plain C11, also valid C++11.
 *
 * A reader or writer that has come to its end fails and stays failed: it then reads zeros and
 * writes nothing. So one check at the end is enough:
 *
 *     portico_reader r = portico_read(packet);
 *     uint8_t kind = portico_read_u8(&r);
 *     float angle = kind == TURN ? portico_read_f32(&r) : 0;
 *     if (!portico_read_end(&r)) {
 *         (void)portico->session_close(session, PORTICO_E_FRAME);
 *         return;
 *     }
 *
 *     uint8_t bytes[64];
 *     portico_writer w = portico_write(bytes, sizeof bytes);
 *     portico_write_u8(&w, TURN);
 *     portico_write_f32(&w, angle);
 *     (void)portico_write_send(&w, session, OPCODE);
 */
#ifndef PORTICO_WIRE_H
#define PORTICO_WIRE_H

#include <portico/portico.h>

#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* For functions that disappear when their arguments are constants. */
#if defined(__GNUC__)
#define PORTICO_INLINE __attribute__((always_inline, unused)) static inline
#else
#define PORTICO_INLINE static inline
#endif

#if defined(__GNUC__) && !defined(_WIN32)
#define PORTICO_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define PORTICO_PRINTF(text, first)
#endif

/* Copies `count` numbers of `size` bytes between memory and the wire, in either direction. */
PORTICO_INLINE void portico_wire_copy(void *to, const void *from, uint32_t size, uint32_t count) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (size_t i = 0; i < (size_t)size * count; i++) {
        ((uint8_t *)to)[i] = ((const uint8_t *)from)[i / size * size + size - 1 - i % size];
    }
#else
    memcpy(to, from, (size_t)size * count);
#endif
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct portico_reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed;
} portico_reader;

static inline portico_reader portico_read(const portico_packet *packet) {
    portico_reader r = {packet->data, packet->data + packet->size, false};
    return r;
}

/* The next `size` bytes, inside the packet; NULL: there are fewer. */
static inline const uint8_t *portico_read_bytes(portico_reader *r, uint32_t size) {
    const uint8_t *bytes = r->at;
    if ((size_t)(r->end - r->at) < size) {
        r->failed = true;
        r->at = r->end;
        return NULL;
    }
    r->at += size;
    return bytes;
}

/* All bytes that are left; *size may be 0. */
static inline const uint8_t *portico_read_rest(portico_reader *r, uint32_t *size) {
    *size = (uint32_t)(r->end - r->at);
    return portico_read_bytes(r, *size);
}

/* portico_read_u8 ... portico_read_f64: the next number. */
#define PORTICO_READ(type, name)                                              \
    static inline type portico_read_##name(portico_reader *r) {               \
        const uint8_t *bytes = portico_read_bytes(r, (uint32_t)sizeof(type)); \
        type value = 0;                                                       \
        if (bytes != NULL) {                                                  \
            portico_wire_copy(&value, bytes, (uint32_t)sizeof value, 1);      \
        }                                                                     \
        return value;                                                         \
    }
PORTICO_READ(uint8_t, u8)
PORTICO_READ(uint16_t, u16)
PORTICO_READ(uint32_t, u32)
PORTICO_READ(uint64_t, u64)
PORTICO_READ(int8_t, i8)
PORTICO_READ(int16_t, i16)
PORTICO_READ(int32_t, i32)
PORTICO_READ(int64_t, i64)
PORTICO_READ(float, f32)
PORTICO_READ(double, f64)
#undef PORTICO_READ

/* A byte that must be 0 or 1. */
static inline bool portico_read_bool(portico_reader *r) {
    uint8_t byte = portico_read_u8(r);
    r->failed = r->failed || byte > 1;
    return byte == 1;
}

/* Whether everything that was read was there, and nothing is left. */
static inline bool portico_read_end(const portico_reader *r) {
    return !r->failed && r->at == r->end;
}

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct portico_writer {
    uint8_t *begin;
    uint8_t *at;
    uint8_t *end;
    bool failed;
} portico_writer;

static inline portico_writer portico_write(uint8_t *buffer, uint32_t capacity) {
    portico_writer w = {buffer, buffer, buffer + capacity, false};
    return w;
}

/* Makes room for `size` bytes, which the caller fills; NULL: there is none. */
static inline uint8_t *portico_write_room(portico_writer *w, uint32_t size) {
    uint8_t *space = w->at;
    if (w->failed || (size_t)(w->end - w->at) < size) {
        w->failed = true;
        return NULL;
    }
    w->at += size;
    return space;
}

/* `bytes` may be NULL if `size` is 0. */
static inline void portico_write_bytes(portico_writer *w, const void *bytes, uint32_t size) {
    uint8_t *space = portico_write_room(w, size);
    if (space != NULL && size > 0) {
        memcpy(space, bytes, size);
    }
}

/* The bytes of a text, without its zero. */
static inline void portico_write_text(portico_writer *w, const char *text) {
    size_t size = strlen(text);
    portico_write_bytes(w, text, size < UINT32_MAX ? (uint32_t)size : UINT32_MAX);
}

/* portico_write_u8 ... portico_write_f64: a number. */
#define PORTICO_WRITE(type, name)                                            \
    static inline void portico_write_##name(portico_writer *w, type value) { \
        uint8_t *space = portico_write_room(w, (uint32_t)sizeof value);      \
        if (space != NULL) {                                                 \
            portico_wire_copy(space, &value, (uint32_t)sizeof value, 1);     \
        }                                                                    \
    }
PORTICO_WRITE(uint8_t, u8)
PORTICO_WRITE(uint16_t, u16)
PORTICO_WRITE(uint32_t, u32)
PORTICO_WRITE(uint64_t, u64)
PORTICO_WRITE(int8_t, i8)
PORTICO_WRITE(int16_t, i16)
PORTICO_WRITE(int32_t, i32)
PORTICO_WRITE(int64_t, i64)
PORTICO_WRITE(float, f32)
PORTICO_WRITE(double, f64)
#undef PORTICO_WRITE

static inline void portico_write_bool(portico_writer *w, bool value) {
    portico_write_u8(w, value ? 1 : 0);
}

static inline uint32_t portico_write_size(const portico_writer *w) {
    return (uint32_t)(w->at - w->begin);
}

/* session_send, room_send and channel_send of what was written. A writer that has failed sends
 * nothing: PORTICO_E_TOO_BIG, or to 0 sessions. */
static inline portico_status portico_write_send(const portico_writer *w, portico_session to,
                                                uint16_t opcode) {
    return w->failed ? PORTICO_E_TOO_BIG
                     : portico->session_send(to, opcode, w->begin, portico_write_size(w));
}
static inline uint32_t portico_write_send_room(const portico_writer *w, portico_room to,
                                               uint16_t opcode, portico_session except) {
    return w->failed ? 0 : portico->room_send(to, opcode, w->begin, portico_write_size(w), except);
}
static inline uint32_t portico_write_send_channel(const portico_writer *w, const char *channel,
                                                  uint16_t opcode, portico_session except) {
    return w->failed
               ? 0
               : portico->channel_send(channel, opcode, w->begin, portico_write_size(w), except);
}

/* ---- text ------------------------------------------------------------------------------------ */

enum { PORTICO_SENDF_BYTES = 8192 }; /* room for a formatted text and its zero */

/* Formats a text of up to 8191 bytes and sends it, without its zero, like session_send, room_send
 * and channel_send. A longer one is not sent: PORTICO_E_TOO_BIG, or to 0 sessions. */
PORTICO_PRINTF(3, 4)
static inline portico_status portico_sendf(portico_session to, uint16_t opcode, const char *format,
                                           ...) {
    char text[PORTICO_SENDF_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return size < 0 || (size_t)size >= sizeof text
               ? PORTICO_E_TOO_BIG
               : portico->session_send(to, opcode, text, (uint32_t)size);
}
PORTICO_PRINTF(4, 5)
static inline uint32_t portico_sendf_room(portico_room to, uint16_t opcode, portico_session except,
                                          const char *format, ...) {
    char text[PORTICO_SENDF_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return size < 0 || (size_t)size >= sizeof text
               ? 0
               : portico->room_send(to, opcode, text, (uint32_t)size, except);
}
PORTICO_PRINTF(4, 5)
static inline uint32_t portico_sendf_channel(const char *to, uint16_t opcode,
                                             portico_session except, const char *format, ...) {
    char text[PORTICO_SENDF_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return size < 0 || (size_t)size >= sizeof text
               ? 0
               : portico->channel_send(to, opcode, text, (uint32_t)size, except);
}

#ifdef __cplusplus
}
#endif
#endif

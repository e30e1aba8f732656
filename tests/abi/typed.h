/* typed.h: the packets of typed.c, for the module and for the client of the test. */
#ifndef TYPED_H
#define TYPED_H

#include <portico/packet.h>

enum {
    EVERY = 1,   /* comes back to its sender */
    SAY = 2,     /* comes back to everybody */
    BLOB = 3,    /* comes back */
    CARDS = 4,   /* comes back */
    SCENE = 5,   /* comes back to all in the room, in another order */
    ENTER = 6,   /* empty: enters the room; ENTER comes back */
    TOO_BIG = 7, /* empty: the module sends what it must not; COUNTS comes back */
    PLAIN = 8,   /* raw, 2 to 4 bytes: comes back */
    COUNTS = 9   /* only from the module */
};

#define SPOT(S, F)             \
    F(S, FIELD, uint16_t, who) \
    F(S, FIELD, float, x)      \
    F(S, FIELD, bool, seen)
PORTICO_PACKET(spot, SPOT);

#define EVERYTHING(S, F)         \
    F(S, FIELD, int8_t, i8)      \
    F(S, FIELD, uint64_t, u64)   \
    F(S, FIELD, bool, ready)     \
    F(S, FIELD, double, f64)     \
    F(S, ARRAY, int16_t, i16, 3) \
    F(S, ARRAY, char, name, 8)   \
    F(S, STRUCT, spot, home)     \
    F(S, STRUCTS, spot, away, 2)
PORTICO_PACKET(everything, EVERYTHING);

#define SAYING(S, F) F(S, FIELD, uint8_t, mood) F(S, TEXT, text, 20)
PORTICO_PACKET(saying, SAYING);

#define BLOBS(S, F) F(S, BYTES, data, 6)
PORTICO_PACKET(blob, BLOBS);

#define HAND(S, F) F(S, FIELD, uint16_t, player) F(S, NUMBERS, uint32_t, cards, 3)
PORTICO_PACKET(hand, HAND);

#define SCENES(S, F) F(S, FIELD, uint32_t, tick) F(S, ROWS, spot, spots, 4)
PORTICO_PACKET(scene, SCENES);

/* `statuses`: of the sends that had to fail. `packets`: calls of handlers in this session. */
#define COUNTINGS(S, F) F(S, ARRAY, int32_t, statuses, 2) F(S, FIELD, uint32_t, packets)
PORTICO_PACKET(counting, COUNTINGS);

#endif

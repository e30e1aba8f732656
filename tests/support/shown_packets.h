/* shown_packets.h: declared packets that tests show, as text and as JSON. Header only. */
#ifndef TEST_SHOWN_PACKETS_H
#define TEST_SHOWN_PACKETS_H

#include "module/packet_layout.h"

#include <portico/packet.h>

#include "support/check.h"

#define PLACE(S, F)               \
    F(S, FIELD, uint16_t, number) \
    F(S, FIELD, float, x)
PORTICO_PACKET(place, PLACE);

#define NUMBERS(S, F)            \
    F(S, FIELD, int8_t, tiny)    \
    F(S, FIELD, int64_t, huge)   \
    F(S, FIELD, uint64_t, large) \
    F(S, FIELD, double, real)    \
    F(S, FIELD, bool, seen)      \
    F(S, ARRAY, char, name, 8)   \
    F(S, ARRAY, uint8_t, few, 3) \
    F(S, STRUCT, place, home)    \
    F(S, ROWS, place, places, 100)
PORTICO_PACKET(numbers, NUMBERS);

#define SAID(S, F)              \
    F(S, FIELD, uint32_t, tick) \
    F(S, TEXT, words, 4000)
PORTICO_PACKET(said, SAID);

#define BLOB(S, F) F(S, BYTES, all, 4000)
PORTICO_PACKET(blob, BLOB);

static inline packet_layout *layout_of(const portico_fields *fields) {
    char why[PACKET_WHY_MAX];
    packet_layout *layout = NULL;
    CHECK_INT(packet_layout_create(&layout, fields, why, sizeof why), PORTICO_OK);
    return layout;
}

#endif

/* packet.c: declared packets of every kind have the bytes that packet.h promises, the host's check
 * names what is wrong with others, and handlers receive structs. */
#include "module/packet_layout.h"

#include <portico/packet.h>

#include "support/check.h"

typedef enum colour { RED, GREEN, BLUE } colour;

#define MOVE(S, F) F(S, FIELD, int16_t, dx) F(S, FIELD, int16_t, dy)
PORTICO_PACKET(move, MOVE);

#define PLACE(S, F)               \
    F(S, FIELD, uint16_t, number) \
    F(S, FIELD, float, x)         \
    F(S, FIELD, bool, seen)
PORTICO_PACKET(place, PLACE);

#define EVERY(S, F)               \
    F(S, FIELD, uint8_t, u8)      \
    F(S, FIELD, int64_t, i64)     \
    F(S, FIELD, colour, colour)   \
    F(S, FIELD, bool, ready)      \
    F(S, FIELD, double, f64)      \
    F(S, ARRAY, uint16_t, u16, 3) \
    F(S, ARRAY, bool, flags, 2)   \
    F(S, ARRAY, char, name, 6)    \
    F(S, STRUCT, move, move)      \
    F(S, STRUCTS, place, pair, 2)
PORTICO_PACKET(every, EVERY);

#define SAY(S, F) F(S, FIELD, uint8_t, to) F(S, TEXT, text, 10)
PORTICO_PACKET(say, SAY);

#define BLOB(S, F) F(S, BYTES, data, 5)
PORTICO_PACKET(blob, BLOB);

#define CARDS(S, F) F(S, FIELD, bool, mine) F(S, NUMBERS, uint32_t, cards, 3)
PORTICO_PACKET(cards, CARDS);

#define SNAPSHOT(S, F) F(S, FIELD, uint32_t, tick) F(S, ROWS, place, places, 2)
PORTICO_PACKET(snapshot, SNAPSHOT);

/* ---- bytes ----------------------------------------------------------------------------------- */

static void check_bytes(const uint8_t *found, uint32_t size, const char *right) {
    char text[3 * 128 + 1] = "";
    for (uint32_t i = 0; i < size; i++) {
        (void)snprintf(text + 3 * i, sizeof text - 3 * i, "%02x ", found[i]);
    }
    CHECK_TEXT(text, right);
}

static void fixed_bytes(void) {
    uint8_t bytes[every_size_max];
    uint32_t size = 0;
    const move m = {-2, 0x1234};
    CHECK_INT(move_encode(&m, bytes, sizeof bytes, &size), PORTICO_OK);
    check_bytes(bytes, size, "fe ff 34 12 ");
    const every e = {.u8 = 7,
                     .i64 = -3,
                     .colour = BLUE,
                     .ready = true,
                     .f64 = 1.0,
                     .u16 = {1, 2, 0xABCD},
                     .flags = {false, true},
                     .name = "ab",
                     .move = {1, -1},
                     .pair = {{1, 1.0f, true}, {2, -2.0f, false}}};
    CHECK_INT(every_encode(&e, bytes, sizeof bytes, &size), PORTICO_OK);
    check_bytes(bytes, size,
                "07 fd ff ff ff ff ff ff ff 02 00 00 00 01 00 00 00 00 00 00 f0 3f " /* ... f64 */
                "01 00 02 00 cd ab 00 01 61 62 00 00 00 00 "                         /* ... name */
                "01 00 ff ff 01 00 00 00 80 3f 01 02 00 00 00 00 c0 00 ");
    every back;
    CHECK(every_decode(&back, bytes, size));
    CHECK_INT(back.i64, -3);
    CHECK(back.colour == BLUE && back.ready && back.f64 == 1.0 && back.u16[2] == 0xABCD);
    CHECK(!back.flags[0] && back.flags[1]);
    CHECK_TEXT(back.name, "ab");
    CHECK_INT(back.move.dy, -1);
    CHECK(back.pair[1].number == 2 && back.pair[1].x == -2.0f && !back.pair[1].seen);
    CHECK_INT(every_encode(&e, bytes, every_size_max - 1, &size), PORTICO_E_TOO_BIG);
    CHECK_INT(size, 0);
}

static void variable_bytes(void) {
    uint8_t bytes[64] = {0};
    uint32_t size = 0;
    const say s = {.to = 9, .text = "caf\xC3\xA9", .text_size = 5};
    CHECK_INT(say_encode(&s, bytes, sizeof bytes, &size), PORTICO_OK);
    check_bytes(bytes, size, "09 63 61 66 c3 a9 ");
    say s2;
    CHECK(say_decode(&s2, bytes, size) && s2.to == 9);
    CHECK(s2.text == (const char *)bytes + 1 && s2.text_size == 5);
    const blob none = {NULL, 0};
    CHECK_INT(blob_encode(&none, bytes, sizeof bytes, &size), PORTICO_OK);
    CHECK_INT(size, 0);
    const cards c = {.mine = true, .cards = {1, 0x01020304}, .cards_count = 2};
    CHECK_INT(cards_encode(&c, bytes, sizeof bytes, &size), PORTICO_OK);
    check_bytes(bytes, size, "01 01 00 00 00 04 03 02 01 ");
    const snapshot t = {.tick = 5, .places = {{3, 0.5f, true}}, .places_count = 1};
    CHECK_INT(snapshot_encode(&t, bytes, sizeof bytes, &size), PORTICO_OK);
    check_bytes(bytes, size, "05 00 00 00 03 00 00 00 00 3f 01 ");
    snapshot t2;
    CHECK(snapshot_decode(&t2, bytes, size));
    CHECK(t2.places_count == 1 && t2.places[0].number == 3 && t2.places[0].x == 0.5f);
    CHECK(snapshot_decode(&t2, bytes, 4) && t2.places_count == 0);
    CHECK(!snapshot_decode(&t2, bytes, 3) && !snapshot_decode(&t2, bytes, 10));
    cards c2;
    bytes[0] = 1; /* a good `mine` */
    CHECK(cards_decode(&c2, bytes, 5) && !cards_decode(&c2, bytes, 4));
    CHECK(!cards_decode(&c2, bytes, 6) && !cards_decode(&c2, bytes, 17));
}

/* A packet that a module must not send is not encoded. */
static void not_encoded(void) {
    uint8_t bytes[64];
    uint32_t size = 99;
    const say s = {.text = "12345678901", .text_size = 11};
    CHECK_INT(say_encode(&s, bytes, sizeof bytes, &size), PORTICO_E_INVALID);
    CHECK_INT(size, 0);
    const cards c = {.cards_count = UINT32_MAX / 4 + 2}; /* times 4 it would be 4 */
    CHECK_INT(cards_encode(&c, bytes, sizeof bytes, &size), PORTICO_E_INVALID);
    const snapshot t = {.places_count = 3};
    CHECK_INT(snapshot_encode(&t, bytes, sizeof bytes, &size), PORTICO_E_INVALID);
    every e = {0};
    memcpy(e.name, "123456", sizeof e.name); /* no zero at its end */
    CHECK_INT(every_encode(&e, bytes, sizeof bytes, &size), PORTICO_E_INVALID);
    CHECK_INT(size, 0);
    memcpy(e.name, "1\0secr", sizeof e.name); /* what follows the text is not sent */
    CHECK_INT(every_encode(&e, bytes, sizeof bytes, &size), PORTICO_OK);
    CHECK(memcmp(bytes + 30, "1\0\0\0\0\0", 6) == 0);
}

/* ---- checks ---------------------------------------------------------------------------------- */

static packet_layout *layout_of(const portico_fields *fields, uint32_t size_min,
                                uint32_t size_max) {
    char why[PACKET_WHY_MAX] = "";
    packet_layout *layout = NULL;
    CHECK_INT(packet_layout_create(&layout, fields, why, sizeof why), PORTICO_OK);
    CHECK_TEXT(why, "");
    CHECK_INT(packet_layout_min(layout), size_min);
    CHECK_INT(packet_layout_max(layout), size_max);
    return layout;
}
#define LAYOUT_OF(P) layout_of(&P##_fields, P##_size_min, P##_size_max)

static void refused(const packet_layout *l, const void *data, uint32_t size, const char *right) {
    char why[PACKET_WHY_MAX] = "";
    CHECK(!packet_layout_check(l, data, size, why, sizeof why));
    CHECK_TEXT(why, right);
}

static void accepted(const packet_layout *l, const void *data, uint32_t size) {
    char why[PACKET_WHY_MAX] = "";
    (void)packet_layout_check(l, data, size, why, sizeof why);
    CHECK_TEXT(why, "");
}

static void sizes_and_texts(void) {
    packet_layout *l = LAYOUT_OF(move);
    CHECK(!packet_layout_needs_check(l));
    accepted(l, "1234", 4);
    refused(l, "123", 3, "packet move: 3 bytes, must be 4");
    refused(l, "12345", 5, "packet move: 5 bytes, must be 4");
    packet_layout_free(l);
    l = LAYOUT_OF(blob);
    CHECK(!packet_layout_needs_check(l));
    accepted(l, "\0\xFF\x80", 3);
    refused(l, "123456", 6, "packet blob: 6 bytes, allowed are 0 to 5");
    packet_layout_free(l);
    l = LAYOUT_OF(say);
    CHECK(packet_layout_needs_check(l));
    accepted(l, "1", 1);
    accepted(l, "1abc\xF0\x9F\x99\x82xyz", 11);
    refused(l, "", 0, "packet say: 0 bytes, allowed are 1 to 11");
    refused(l, "1ab\0c", 5, "packet say: field text has a zero at byte 2");
    refused(l, "1ab\xC3", 4, "packet say: field text is not UTF-8 at byte 2");
    refused(l, "1\x80", 2, "packet say: field text is not UTF-8 at byte 0");
    refused(l, "1\xC0\x80", 3, "packet say: field text is not UTF-8 at byte 0");
    packet_layout_free(l);
}

static void parts(void) {
    packet_layout *l = LAYOUT_OF(cards);
    accepted(l, "\1xxxxyyyy", 9);
    refused(l, "\1xxxxy", 6, "packet cards: field cards has 5 bytes, not a multiple of 4");
    refused(l, "\2xxxx", 5, "packet cards: field mine is 2, allowed are 0 and 1");
    packet_layout_free(l);
    l = LAYOUT_OF(snapshot);
    accepted(l, "tttt", 4);
    accepted(l, "ttttnnffff\1nnffff\0", 18);
    refused(l, "ttttnnffff\1nnffff\x07", 18,
            "packet snapshot: field places[1].seen is 7, allowed are 0 and 1");
    refused(l, "ttttnnffff\1n", 12,
            "packet snapshot: field places has 8 bytes, not a multiple of 7");
    packet_layout_free(l);
}

static void every_field(void) {
    packet_layout *l = LAYOUT_OF(every);
    uint8_t bytes[every_size_max];
    uint32_t size = 0;
    const every e = {.name = "abc"};
    CHECK_INT(every_encode(&e, bytes, sizeof bytes, &size), PORTICO_OK);
    accepted(l, bytes, size);
    bytes[13] = 255;
    refused(l, bytes, size, "packet every: field ready is 255, allowed are 0 and 1");
    bytes[13] = 1;
    bytes[29] = 2;
    refused(l, bytes, size, "packet every: field flags[1] is 2, allowed are 0 and 1");
    bytes[29] = 1;
    bytes[35] = 'x';
    refused(l, bytes, size, "packet every: field name has a 120 at byte 5, after its end");
    memcpy(bytes + 30, "ab\xFF", 3);
    bytes[35] = 0;
    refused(l, bytes, size, "packet every: field name is not UTF-8 at byte 2");
    memcpy(bytes + 30, "abcdef", 6);
    refused(l, bytes, size, "packet every: field name does not end with a zero within 6 bytes");
    every back;
    CHECK(!every_decode(&back, bytes, size)); /* so that a handler can rely on the zero */
    memset(bytes + 30, 0, 6);
    bytes[53] = 3;
    refused(l, bytes, size, "packet every: field pair[1].seen is 3, allowed are 0 and 1");
    CHECK(!every_decode(&back, bytes, size));
    packet_layout_free(l);
}

static void texts(void) {
    char text[256];
    packet_layout *l = LAYOUT_OF(every);
    packet_layout_text(l, text, sizeof text);
    CHECK_TEXT(text, "u8 u8, i64 i64, u32 colour, bool ready, f64 f64, u16[3] u16, bool[2] flags, "
                     "text[6] name, move move {i16 dx, i16 dy}, "
                     "place[2] pair {u16 number, f32 x, bool seen}");
    packet_layout_text(l, text, 20);
    CHECK_TEXT(text, "u8 u8, i64 i64, ...");
    packet_layout_text(l, text, 4);
    CHECK_TEXT(text, "...");
    packet_layout_free(l);
    l = LAYOUT_OF(snapshot);
    packet_layout_text(l, text, sizeof text);
    CHECK_TEXT(text, "u32 tick, place[0..2] places {u16 number, f32 x, bool seen}");
    packet_layout_free(l);
    l = LAYOUT_OF(blob);
    packet_layout_text(l, text, sizeof text);
    CHECK_TEXT(text, "bytes[0..5] data");
    packet_layout_free(l);
}

/* ---- handlers -------------------------------------------------------------------------------- */

typedef struct player {
    int calls;
    int sum;
} player;

enum { MOVE_OPCODE = 3, SAY_OPCODE, HIT_OPCODE, RAW_OPCODE };

static void on_move(portico_session session, player *p, const move *m) {
    p->calls++;
    p->sum += (int)session.id + m->dx + m->dy;
}

static void on_say(portico_session session, player *p, const say *s) {
    (void)session;
    p->calls++;
    CHECK_TEXT(s->text, "hi");
    CHECK_INT(s->text_size, 2);
}

static void on_hit(portico_session session, player *p) {
    (void)session;
    p->calls++;
}

static void on_raw(portico_session session, void *state, const portico_packet *packet) {
    (void)session;
    player *p = state;
    p->calls += packet->data[0];
}

#define PLAYER_OPCODES(S, ON)                 \
    ON(S, PACKET, MOVE_OPCODE, move, on_move) \
    ON(S, PACKET, SAY_OPCODE, say, on_say)    \
    ON(S, PACKET, 77, move, on_move)          \
    ON(S, EMPTY, HIT_OPCODE, on_hit)          \
    ON(S, RAW, RAW_OPCODE, 1, 200, on_raw)
PORTICO_OPCODES(player_opcodes, player, PLAYER_OPCODES);

static void call(uint32_t row, player *p, const char *data, uint32_t size) {
    const portico_packet packet = {(const uint8_t *)data, size, player_opcodes[row].opcode, 0};
    player_opcodes[row].call((portico_session){100}, p, &packet);
}

static void handlers(void) {
    const portico_table t = PORTICO_TABLE(player_opcodes);
    CHECK_INT(t.count, 5);
    CHECK_INT(t.row_size, sizeof(portico_opcode));
    CHECK_TEXT(player_opcodes[0].name, "MOVE_OPCODE");
    CHECK(player_opcodes[1].packet == &say_fields);
    CHECK(player_opcodes[3].packet == NULL && player_opcodes[3].size_max == 0);
    CHECK_INT(player_opcodes[4].size_max, 200);
    player p = {0, 0};
    call(0, &p, "\1\0\2\0", 4);
    CHECK_INT(p.sum, 103);
    call(0, &p, "\1\0\2", 3); /* the host would not have passed it on */
    CHECK_INT(p.calls, 1);
    call(1, &p, "\1hi", 3);
    call(2, &p, "\1\0\2\0", 4);
    call(3, &p, "", 0);
    CHECK_INT(p.calls, 4);
    call(4, &p, "\5", 1);
    CHECK_INT(p.calls, 9);
}

SCENARIO(packet) {
    fixed_bytes();
    variable_bytes();
    not_encoded();
    sizes_and_texts();
    parts();
    every_field();
    texts();
    handlers();
}

/* state_show.c: states field by field, as `ctl room ID` shows them. */
#include "module/state_show.h"

#include "support/check.h"

#define GEM(S, F)               \
    F(S, FIELD, int16_t, price) \
    F(S, FIELD, uint8_t, colour)
PORTICO_STATE(gem, GEM);

#define ITEM(S, F)             \
    F(S, FIELD, uint64_t, key) \
    F(S, STRUCTS, gem, gems, 2)
PORTICO_STATE(item, ITEM);

#define BAG(S, F)                 \
    F(S, STRUCT, item, hand)      \
    F(S, STRUCTS, gem, many, 100) \
    F(S, ARRAY, char, name, 8)    \
    F(S, ARRAY, int8_t, row, 3)   \
    F(S, ARRAY, uint8_t, long_row, 80) F(S, FIELD, double, speed) F(S, FIELD, bool, open)
PORTICO_STATE(bag, BAG);

static char text[1 << 16];
static size_t used;

static void add_row(void *arg, const char *path, const char *type, const char *value) {
    (void)arg;
    used += (size_t)snprintf(text + used, sizeof text - used, "%s|%s|%s\n", path, type, value);
    CHECK(used < sizeof text);
}

static uint32_t show(const portico_fields *fields, uint32_t size, const void *state) {
    char why[SHAPE_WHY_MAX];
    state_shape shape;
    CHECK_INT(shape_init(&shape, size, 1, fields, why, sizeof why), PORTICO_OK);
    used = 0;
    text[0] = '\0';
    uint32_t left_out = state_show(&shape, state, add_row, NULL);
    shape_fini(&shape);
    return left_out;
}

SCENARIO(state_show) {
    static bag b;
    b.hand.key = UINT64_MAX;
    b.hand.gems[1].price = -300;
    b.many[63].colour = 9;
    b.many[64].colour = 10;
    memcpy(b.name, "a\nbcdefg", 8); /* without a zero, and with what could forge a line */
    b.row[1] = -5;
    b.speed = 0.25;
    b.open = true;
    CHECK_INT(show(&bag_fields, sizeof b, &b), 36 + 16);
    CHECK_HAS(text, "hand.key|unsigned 64 bits|18446744073709551615\n");
    CHECK_HAS(text, "hand.gems[1].price|signed 16 bits|-300\n");
    CHECK_HAS(text, "many[63].colour|unsigned 8 bits|9\n");
    CHECK(strstr(text, "many[64]") == NULL);
    CHECK_HAS(text, "name|text of 8 bytes|\"a?bcdefg\"\n");
    CHECK_HAS(text, "row|3 x signed 8 bits|[0, -5, 0]\n");
    CHECK_HAS(text, ", 0 ... 16 more]\n");
    CHECK_HAS(text, "speed|float 64 bits|0.25\n");
    CHECK_HAS(text, "open|bool|true\n");

    static const uint8_t opaque[4] = {1, 0xAB, 0, 4};
    CHECK_INT(show(NULL, sizeof opaque, opaque), 0);
    CHECK_TEXT(text, "|4 opaque bytes|01 ab 00 04\n");
    CHECK_INT(show(NULL, 0, NULL), 0);
    CHECK_TEXT(text, "");
}

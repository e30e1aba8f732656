/* packet_show.c: packets as people read them in reports of faults. */
#include "module/packet_show.h"

#include "support/check.h"
#include "support/shown_packets.h"

static char text[1024];

static const char *shown(packet_layout *layout, const void *data, uint32_t size, size_t room) {
    put p = put_begin(text, room);
    packet_show(&p, layout, data, size);
    return text;
}

static void all_kinds(void) {
    static numbers n = {.tiny = -3,
                        .huge = INT64_MIN,
                        .large = UINT64_MAX,
                        .real = 0.1,
                        .seen = true,
                        .name = "cave",
                        .few = {1, 2, 255},
                        .home = {7, -1.5f}};
    uint8_t bytes[1024];
    uint32_t size = 0;
    packet_layout *layout = layout_of(&numbers_fields);
    for (uint32_t i = 0; i < 2; i++) {
        n.places[i] = (place){(uint16_t)(i + 1), 0.25f};
    }
    n.places_count = 2;
    CHECK_INT(numbers_encode(&n, bytes, sizeof bytes, &size), PORTICO_OK);
    CHECK_TEXT(shown(layout, bytes, size, sizeof text),
               "tiny = -3, huge = -9223372036854775808, large = 18446744073709551615, real = 0.1, "
               "seen = true, name = \"cave\", few = [1, 2, 255], home = {number = 7, x = -1.5}, "
               "places = [{number = 1, x = 0.25}, {number = 2, x = 0.25}]");
    CHECK_TEXT(shown(layout, bytes, size, 12), "tiny = -...");
    n.places_count = 100;
    CHECK_INT(numbers_encode(&n, bytes, sizeof bytes, &size), PORTICO_OK);
    CHECK(strstr(shown(layout, bytes, size, sizeof text), "} ... 92 more]") != NULL);
    CHECK_TEXT(shown(layout, bytes, 2, sizeof text), "fd 00"); /* too small for its layout */
    packet_layout_free(layout);
}

static void parts(void) {
    uint8_t bytes[256] = {1};
    packet_layout *layout = layout_of(&said_fields);
    memcpy(bytes + 4, "so\nso", 5);
    CHECK_TEXT(shown(layout, bytes, 9, sizeof text), "tick = 1, words = \"so?so\"");
    CHECK_TEXT(shown(layout, bytes, 4, sizeof text), "tick = 1, words = \"\"");
    memset(bytes + 4, 'x', 200);
    CHECK(strstr(shown(layout, bytes, 204, sizeof text), "x\" ... 120 more") != NULL);
    packet_layout_free(layout);
    layout = layout_of(&blob_fields);
    CHECK_TEXT(shown(layout, "\x01\xFF", 2, sizeof text), "all = [01 ff]");
    CHECK(strstr(shown(layout, bytes, 100, sizeof text), "78 ... 36 more]") != NULL);
    packet_layout_free(layout);
}

SCENARIO(packet_show) {
    all_kinds();
    parts();
}

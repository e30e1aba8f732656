/* packet_json.c: packets as JSON, for traces. */
#include "module/packet_json.h"

#include "support/check.h"
#include "support/shown_packets.h"

#include <math.h>
#include <string.h>

static char text[16384];
static size_t used;

static void take(void *arg, const char *from, size_t size) {
    (void)arg;
    CHECK(used + size < sizeof text);
    memcpy(text + used, from, size);
    used += size;
    text[used] = '\0';
}

/* The object on one line, with its end; "": it does not fit. */
static const char *shown(const packet_layout *layout, const void *data, uint32_t size) {
    json j = {.write = take, .flat = true};
    used = 0;
    text[0] = '\0';
    bool fits = packet_json(&j, NULL, layout, data, size);
    CHECK_INT(fits, used > 0);
    return text;
}

static void all_kinds(void) {
    uint8_t bytes[numbers_size_max];
    uint32_t size = 0;
    packet_layout *layout = layout_of(&numbers_fields);
    numbers n = {.tiny = -3,
                 .huge = INT64_MIN,
                 .large = UINT64_MAX,
                 .real = 0.1,
                 .seen = true,
                 .name = "a\"\\\n",
                 .few = {1, 2, 255},
                 .home = {7, -1.5f},
                 .places_count = 1};
    CHECK_INT(numbers_encode(&n, bytes, sizeof bytes, &size), PORTICO_OK);
    CHECK_TEXT(
        shown(layout, bytes, size),
        "{\"tiny\":-3,\"huge\":-9223372036854775808,\"large\":18446744073709551615,"
        "\"real\":0.10000000000000001,\"seen\":true,\"name\":\"a\\\"\\\\\\u000a\",\"few\":[1,"
        "2,255],\"home\":{\"number\":7,\"x\":-1.5},\"places\":[{\"number\":0,\"x\":0}]}\n");
    CHECK_TEXT(shown(layout, bytes, 2), "");
    CHECK_TEXT(shown(layout, bytes, size + 1), ""); /* half an element */
    n.real = (double)INFINITY;
    n.home.x = NAN;
    n.places_count = 100;
    CHECK_INT(numbers_encode(&n, bytes, sizeof bytes, &size), PORTICO_OK);
    CHECK(strstr(shown(layout, bytes, size), "\"real\":null") != NULL);
    CHECK(strstr(text, "\"home\":{\"number\":7,\"x\":null}") != NULL);
    CHECK_INT(count_in(text, "{\"number\":0"), PACKET_JSON_ELEMENTS);
    packet_layout_free(layout);
}

static void parts(void) {
    static uint8_t bytes[4004] = {1};
    packet_layout *layout = layout_of(&said_fields);
    memcpy(bytes + 4, "s\xFF\x01", 3);
    CHECK_TEXT(shown(layout, bytes, 7), "{\"tick\":1,\"words\":\"s\xEF\xBF\xBD\\u0001\"}\n");
    CHECK_TEXT(shown(layout, bytes, 4), "{\"tick\":1,\"words\":\"\"}\n");
    memset(bytes + 4, 'x', 4000);
    (void)shown(layout, bytes, 4004);
    CHECK_INT(count_in(text, "x"), PACKET_JSON_BYTES);
    packet_layout_free(layout);
    layout = layout_of(&blob_fields);
    CHECK_TEXT(shown(layout, "\x01\xFF", 2), "{\"all\":\"01ff\"}\n");
    (void)shown(layout, bytes + 4, 4000);
    CHECK_INT(count_in(text, "78"), PACKET_JSON_BYTES);
    packet_layout_free(layout);
}

SCENARIO(packet_json) {
    all_kinds();
    parts();
}

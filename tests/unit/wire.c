/* wire.c: numbers are little endian in both directions, and readers and writers that have failed
 * stay so. */
#include <portico/wire.h>

#include "support/check.h"

static portico_reader reader(const void *data, uint32_t size) {
    const portico_packet packet = {data, size, 0, 0};
    return portico_read(&packet);
}

static void both_ways(void) {
    uint8_t bytes[64];
    portico_writer w = portico_write(bytes, sizeof bytes);
    portico_write_u8(&w, 0xFE);
    portico_write_u16(&w, 0x1234);
    portico_write_u32(&w, 0x89ABCDEF);
    portico_write_u64(&w, 0x0123456789ABCDEF);
    portico_write_i8(&w, -1);
    portico_write_i16(&w, -2);
    portico_write_i32(&w, -3);
    portico_write_i64(&w, -4);
    portico_write_f32(&w, 1.5f);
    portico_write_f64(&w, -0.5);
    portico_write_bool(&w, true);
    portico_write_text(&w, "abc");
    portico_write_bytes(&w, NULL, 0);
    CHECK(!w.failed);
    CHECK_INT(portico_write_size(&w), 46);
    CHECK(memcmp(bytes, "\xFE\x34\x12\xEF\xCD\xAB\x89\xEF\xCD\xAB\x89\x67\x45\x23\x01\xFF\xFE\xFF",
                 18) == 0);
    portico_reader r = reader(bytes, 46);
    CHECK_INT(portico_read_u8(&r), 0xFE);
    CHECK_INT(portico_read_u16(&r), 0x1234);
    CHECK_INT(portico_read_u32(&r), 0x89ABCDEF);
    CHECK_INT(portico_read_u64(&r), 0x0123456789ABCDEF);
    CHECK_INT(portico_read_i8(&r), -1);
    CHECK_INT(portico_read_i16(&r), -2);
    CHECK_INT(portico_read_i32(&r), -3);
    CHECK_INT(portico_read_i64(&r), -4);
    CHECK(portico_read_f32(&r) == 1.5f);
    CHECK(portico_read_f64(&r) == -0.5);
    CHECK(portico_read_bool(&r));
    CHECK(!portico_read_end(&r));
    uint32_t size = 0;
    const uint8_t *rest = portico_read_rest(&r, &size);
    CHECK(size == 3 && memcmp(rest, "abc", 3) == 0);
    CHECK(portico_read_end(&r));
    CHECK(portico_read_rest(&r, &size) != NULL && size == 0);
    CHECK(portico_read_end(&r));
}

static void failures(void) {
    portico_reader r = reader("\1\2\3", 3);
    CHECK_INT(portico_read_u16(&r), 0x0201);
    CHECK_INT(portico_read_u16(&r), 0);
    CHECK_INT(portico_read_u8(&r), 0); /* though there is one byte */
    CHECK(r.failed && !portico_read_end(&r));
    r = reader("\1\2\3", 3);
    CHECK(portico_read_bytes(&r, UINT32_MAX) == NULL && r.failed);
    r = reader("\2", 1);
    CHECK(!portico_read_bool(&r) && !portico_read_end(&r));

    uint8_t bytes[4] = {9, 9, 9, 9};
    portico_writer w = portico_write(bytes, 3);
    portico_write_u16(&w, 0);
    portico_write_u16(&w, 1);
    portico_write_u8(&w, 1); /* though there is room */
    CHECK(w.failed);
    CHECK_INT(portico_write_size(&w), 2);
    CHECK(bytes[2] == 9 && bytes[3] == 9);
    CHECK_INT(portico_write_send(&w, (portico_session){1}, 1), PORTICO_E_TOO_BIG);
    CHECK_INT(portico_write_send_room(&w, (portico_room){1}, 1, (portico_session){0}), 0);
    CHECK_INT(portico_write_send_channel(&w, "c", 1, (portico_session){0}), 0);
    w = portico_write(bytes, 4);
    portico_write_text(&w, "12345");
    CHECK(w.failed && bytes[0] == 0);
}

SCENARIO(wire) {
    both_ways();
    failures();
}

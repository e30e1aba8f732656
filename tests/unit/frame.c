/* frame.c: every kind of framing, every limit, frames cut at every byte, streams split at
 * random. */
#include "wire/frame.h"

#include "support/check.h"

#include <stdbool.h>

enum { STREAM_MAX = 1 << 20, FRAMES_MAX = 4096 };

static uint32_t random_state = 1;

static uint32_t random_below(uint32_t bound) {
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % bound;
}

static frame_result parse(frame_kind kind, const void *bytes, uint32_t size, uint32_t limit,
                          frame *f) {
    uint32_t scanned = 0;
    const char *why = NULL;
    frame_result result = frame_parse(kind, bytes, size, limit, &scanned, f, &why);
    CHECK((result == FRAME_BROKEN) == (why != NULL));
    return result;
}

/* Whether the frame is refused for its size alone. */
static bool too_large(frame_kind kind, const void *bytes, uint32_t size, uint32_t limit) {
    uint32_t scanned = 0;
    const char *why = "";
    frame f;
    return frame_parse(kind, bytes, size, limit, &scanned, &f, &why) == FRAME_BROKEN &&
           strstr(why, "frame_limit_bytes") != NULL;
}

static void rows(void) {
    static const char *const names[FRAME_KINDS] = {"u16", "u32", "line", "raw"};
    static const uint32_t least[FRAME_KINDS] = {4, 8, 1, 1};
    for (int i = 0; i < FRAME_KINDS; i++) {
        CHECK_TEXT(frame_names[i], names[i]);
        CHECK_INT(frame_least_bytes((frame_kind)i), least[i]);
        CHECK_INT(frame_most_bytes((frame_kind)i), i == FRAME_U16 ? 65535 : 64 * 1024 * 1024);
    }
    CHECK(frame_names[FRAME_KINDS] == NULL);
}

static void u16(void) {
    static const uint8_t bytes[] = {6, 0, 0x34, 0x12, 'h', 'i', 99};
    frame f;
    for (uint32_t size = 0; size < 6; size++) {
        CHECK_INT(parse(FRAME_U16, bytes, size, 65535, &f), FRAME_INCOMPLETE);
        CHECK_INT(f.frame_bytes, size < 2 ? 0 : 6);
    }
    CHECK_INT(parse(FRAME_U16, bytes, 7, 65535, &f), FRAME_WHOLE);
    CHECK_INT(f.frame_bytes, 6);
    CHECK_INT(f.size, 2);
    CHECK_INT(f.opcode, 0x1234);
    CHECK(f.data == bytes + 4);
    CHECK_INT(parse(FRAME_U16, bytes, 7, 6, &f), FRAME_WHOLE);
    CHECK(too_large(FRAME_U16, bytes, 7, 5));
    CHECK(too_large(FRAME_U16, bytes, 2, 5)); /* known from the size alone */
    for (uint8_t size = 0; size < 4; size++) {
        uint8_t small[4] = {0};
        small[0] = size;
        CHECK_INT(parse(FRAME_U16, small, 4, 65535, &f), FRAME_BROKEN);
        CHECK_INT(parse(FRAME_U16, small, 2, 65535, &f), FRAME_BROKEN);
    }
    static const uint8_t empty[] = {4, 0, 7, 0};
    CHECK_INT(parse(FRAME_U16, empty, 4, 4, &f), FRAME_WHOLE);
    CHECK_INT(f.size, 0);
    CHECK_INT(f.opcode, 7);
}

static void u32(void) {
    static const uint8_t bytes[] = {10, 0, 0, 0, 0x34, 0x12, 0, 0, 'h', 'i', 99};
    frame f;
    for (uint32_t size = 0; size < 10; size++) {
        CHECK_INT(parse(FRAME_U32, bytes, size, 1 << 26, &f), FRAME_INCOMPLETE);
        CHECK_INT(f.frame_bytes, size < 4 ? 0 : 10);
    }
    CHECK_INT(parse(FRAME_U32, bytes, 11, 10, &f), FRAME_WHOLE);
    CHECK_INT(f.frame_bytes, 10);
    CHECK_INT(f.size, 2);
    CHECK_INT(f.opcode, 0x1234);
    CHECK(too_large(FRAME_U32, bytes, 11, 9));
    static const uint8_t small[] = {7, 0, 0, 0, 0, 0, 0, 0};
    CHECK_INT(parse(FRAME_U32, small, 8, 1 << 26, &f), FRAME_BROKEN);
    static const uint8_t huge[] = {0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0};
    CHECK(too_large(FRAME_U32, huge, 8, 1 << 26));
    static const uint8_t not_zero[] = {8, 0, 0, 0, 1, 0, 0, 1};
    CHECK_INT(parse(FRAME_U32, not_zero, 8, 1 << 26, &f), FRAME_BROKEN);
    static const uint8_t large[] = {0xFF, 0xFF, 0, 0, 1, 0, 0, 1};
    CHECK_INT(parse(FRAME_U32, large, 8, 1 << 26, &f),
              FRAME_BROKEN); /* before the payload has come */
}

static void check_line(const char *bytes, uint32_t limit, const char *text, uint32_t frame_bytes) {
    frame f;
    CHECK_INT(parse(FRAME_LINE, bytes, (uint32_t)strlen(bytes), limit, &f), FRAME_WHOLE);
    CHECK_INT(f.size, strlen(text));
    CHECK(memcmp(f.data, text, f.size) == 0);
    CHECK_INT(f.frame_bytes, frame_bytes);
    CHECK_INT(f.opcode, 0);
}

static void line(void) {
    frame f;
    check_line("hello\n", 6, "hello", 6);
    check_line("hello\r\nnext", 100, "hello", 7);
    check_line("\n", 1, "", 1);
    check_line("\r\n", 2, "", 2);
    check_line("\r\r\n", 3, "\r", 3); /* one CR belongs to the end, the other to the text */
    check_line("a\rb\n", 100, "a\rb", 4);
    CHECK_INT(parse(FRAME_LINE, "", 0, 10, &f), FRAME_INCOMPLETE);
    CHECK_INT(parse(FRAME_LINE, "hello", 5, 6, &f), FRAME_INCOMPLETE);
    CHECK(too_large(FRAME_LINE, "hello", 5, 5));
    CHECK(too_large(FRAME_LINE, "hello!", 6, 5));
    CHECK(too_large(FRAME_LINE, "hello\n", 6, 5));
    /* No byte is scanned twice, and the next line starts from zero. */
    uint32_t scanned = 0;
    const char *why = NULL;
    CHECK_INT(frame_parse(FRAME_LINE, (const uint8_t *)"hel", 3, 10, &scanned, &f, &why),
              FRAME_INCOMPLETE);
    CHECK_INT(scanned, 3);
    CHECK_INT(frame_parse(FRAME_LINE, (const uint8_t *)"hello\n", 6, 10, &scanned, &f, &why),
              FRAME_WHOLE);
    CHECK_INT(scanned, 0);
}

static void raw(void) {
    frame f;
    CHECK_INT(parse(FRAME_RAW, "", 0, 10, &f), FRAME_INCOMPLETE);
    CHECK_INT(parse(FRAME_RAW, "hello", 5, 10, &f), FRAME_WHOLE);
    CHECK_INT(f.size, 5);
    CHECK_INT(f.frame_bytes, 5);
    CHECK_INT(parse(FRAME_RAW, "hello", 5, 3, &f),
              FRAME_WHOLE); /* no frame is larger than the limit */
    CHECK_INT(f.size, 3);
    CHECK_INT(f.frame_bytes, 3);
}

/* The frame of a payload of `size` bytes has `whole`; no smaller limit takes it. */
static void check_measure(frame_kind kind, uint32_t size, uint32_t whole) {
    uint32_t found = 0;
    CHECK_INT(frame_measure(kind, size, whole, &found), PORTICO_OK);
    CHECK_INT(found, whole);
    CHECK_INT(frame_measure(kind, size, whole - 1, &found), PORTICO_E_TOO_BIG);
}

static void measures(void) {
    uint32_t whole = 0;
    check_measure(FRAME_U16, 0, 4);
    check_measure(FRAME_U16, 7, 11);
    check_measure(FRAME_U16, 65531, 65535);
    CHECK_INT(frame_measure(FRAME_U16, 65532, 65535, &whole), PORTICO_E_TOO_BIG);
    check_measure(FRAME_U32, 65532, 65540);
    CHECK_INT(frame_measure(FRAME_U32, UINT32_MAX, FRAME_BYTES_MAX, &whole), PORTICO_E_TOO_BIG);
    check_measure(FRAME_LINE, 5, 6);
    CHECK_INT(frame_measure(FRAME_LINE, UINT32_MAX, FRAME_BYTES_MAX, &whole), PORTICO_E_TOO_BIG);
    check_measure(FRAME_RAW, 5, 5);
}

/* Writes the frame of `data`: it is `expected`, and the byte after it is untouched. */
static void check_write(frame_kind kind, uint16_t opcode, const char *data, const char *expected,
                        uint32_t whole) {
    uint8_t bytes[32];
    memset(bytes, 0xAA, sizeof bytes);
    frame_write(kind, opcode, data, data != NULL ? (uint32_t)strlen(data) : 0, bytes);
    CHECK(memcmp(bytes, expected, whole) == 0);
    CHECK_INT(bytes[whole], 0xAA);
}

static void writes(void) {
    static uint8_t large[65535];
    static const uint8_t payload[65531];
    check_write(FRAME_U16, 0x1234, "hello", "\x09\x00\x34\x12hello", 9);
    check_write(FRAME_U16, 0x1234, NULL, "\x04\x00\x34\x12", 4);
    check_write(FRAME_U32, 0x1234, "hello", "\x0D\x00\x00\x00\x34\x12\x00\x00hello", 13);
    check_write(FRAME_U32, 0xFEDC, NULL, "\x08\x00\x00\x00\xDC\xFE\x00\x00", 8);
    check_write(FRAME_LINE, 0x1234, "hello", "hello\n", 6);
    check_write(FRAME_LINE, 0, NULL, "\n", 1);
    check_write(FRAME_RAW, 0x1234, "hello", "hello", 5);
    frame_write(FRAME_U16, 0xFFFF, payload, 65531, large); /* the largest size and opcode */
    CHECK(memcmp(large, "\xFF\xFF\xFF\xFF\0", 5) == 0);
}

/* ---- streams ---- */

typedef struct packet {
    uint32_t at; /* of its payload in the stream */
    uint32_t size;
    uint16_t opcode;
} packet;

static uint8_t stream[STREAM_MAX];
static packet packets[FRAMES_MAX];

/* Fills the stream with frames of random sizes; returns its bytes. */
static uint32_t make_stream(frame_kind kind, uint32_t *count) {
    uint32_t used = 0;
    for (*count = 0; *count < FRAMES_MAX && STREAM_MAX - used > 70000; (*count)++) {
        uint32_t size = random_below(random_below(10) == 0 ? 65000 : 40);
        uint16_t opcode = kind == FRAME_LINE ? 0 : (uint16_t)random_below(65536);
        static uint8_t data[65535];
        for (uint32_t i = 0; i < size; i++) {
            data[i] = (uint8_t)(kind == FRAME_LINE ? 'a' + random_below(26) : random_below(256));
        }
        uint32_t whole = 0;
        CHECK_INT(frame_measure(kind, size, 65535, &whole), PORTICO_OK);
        frame_write(kind, opcode, data, size, stream + used);
        packets[*count] = (packet){used + (kind == FRAME_LINE ? 0 : whole - size), size, opcode};
        used += whole;
    }
    return used;
}

/* Parses the stream as if it arrived in pieces of up to `piece` bytes, and expects the frames that
 * went in. */
static void read_stream(frame_kind kind, uint32_t used, uint32_t count, uint32_t piece) {
    uint32_t begin = 0;
    uint32_t end = 0;
    uint32_t scanned = 0;
    uint32_t found = 0;
    while (begin < used) {
        frame f;
        const char *why = NULL;
        frame_result result =
            frame_parse(kind, stream + begin, end - begin, 65535, &scanned, &f, &why);
        if (result == FRAME_INCOMPLETE) {
            CHECK(f.frame_bytes == 0 || f.frame_bytes > end - begin);
            CHECK(end < used);
            uint32_t more = 1 + random_below(piece);
            end = used - end < more ? used : end + more;
            continue;
        }
        CHECK_INT(result, FRAME_WHOLE);
        CHECK(found < count);
        CHECK_INT(f.data - stream, packets[found].at);
        CHECK_INT(f.size, packets[found].size);
        CHECK_INT(f.opcode, packets[found].opcode);
        begin += f.frame_bytes;
        found++;
    }
    CHECK_INT(found, count);
}

static void streams(void) {
    static const frame_kind kinds[] = {FRAME_U16, FRAME_U32, FRAME_LINE};
    static const uint32_t pieces[] = {1, 2, 7, 100, 5000, STREAM_MAX};
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t count;
        uint32_t used = make_stream(kinds[i], &count);
        for (uint32_t j = 0; j < sizeof pieces / sizeof pieces[0]; j++) {
            read_stream(kinds[i], used, count, pieces[j]);
        }
    }
}

/* Of random bytes no frame reaches beyond their end, has no bytes at all, or exceeds the limit. */
static void garbage(void) {
    for (uint32_t round = 0; round < 200000; round++) {
        uint8_t bytes[24];
        uint32_t size = random_below(sizeof bytes + 1);
        uint32_t limit = 1 + random_below(30);
        for (uint32_t i = 0; i < size; i++) {
            bytes[i] = (uint8_t)(random_below(2) == 0 ? random_below(12) : random_below(256));
        }
        for (int kind = 0; kind < FRAME_KINDS; kind++) {
            frame f;
            frame_result result = parse((frame_kind)kind, bytes, size, limit, &f);
            if (result == FRAME_WHOLE) {
                CHECK(f.frame_bytes > 0 && f.frame_bytes <= size && f.frame_bytes <= limit);
                CHECK(f.data >= bytes && f.data + f.size <= bytes + f.frame_bytes);
            } else if (result == FRAME_INCOMPLETE) {
                CHECK(f.frame_bytes == 0 || (f.frame_bytes > size && f.frame_bytes <= limit));
            }
        }
    }
}

SCENARIO(frame) {
    rows();
    u16();
    u32();
    line();
    raw();
    measures();
    writes();
    streams();
    garbage();
}

/* web_frames.c: the frames of WebSocket, by the sections of RFC 6455. Whatever is sent is also sent
 * byte by byte and in random pieces, with the same result. */
#include "support/check.h"
#include "support/web.h"
#include "support/wire.h"
#include "web/mask.h"
#include "web/websocket.h"
#include "wire/frame.h"

enum { BLOCK_BYTES = 1 << 20, SENT_MAX = 1 << 19, SEEN_MAX = 1 << 19, LIMIT = 1 << 18 };

static uint8_t sent[SENT_MAX]; /* what the peer has sent ... */
static uint32_t sent_bytes;
static bool client; /* ... to a client */

/* What came of it: "text:...", "packet OPCODE:...", "ping:..." one after another. */
static char seen[SEEN_MAX];
static size_t seen_bytes;

static uint8_t block[BLOCK_BYTES];
static uint64_t random_state = 1;

static void see(const char *what, unsigned number, const void *data, uint32_t size) {
    CHECK(seen_bytes + size + 64 < SEEN_MAX);
    seen_bytes +=
        (size_t)snprintf(seen + seen_bytes, 64, "%s %u %u:", what, number, (unsigned)size);
    memcpy(seen + seen_bytes, data, size);
    seen_bytes += size;
    seen[seen_bytes++] = '\n';
    seen[seen_bytes] = '\0';
}

static void on_control(void *arg, websocket_opcode opcode, const uint8_t *payload, uint32_t size) {
    (void)arg;
    see("control", opcode, payload, size);
}

/* Takes the whole records out of the block, as a session does. */
static void deliver(uint32_t *used) {
    uint32_t at = 0;
    uint32_t scanned = 0;
    const char *why = NULL;
    frame f;
    while (frame_parse(FRAME_WEBSOCKET, block + at, *used - at, LIMIT, &scanned, &f, &why) ==
           FRAME_WHOLE) {
        see("packet", f.opcode, f.data, f.size);
        at += f.frame_bytes;
        CHECK(at <= *used);
    }
    *used -= at;
    memmove(block, block + at, *used);
}

/* Receives what has been sent, in pieces of at most `most` bytes, delivering now and then. Returns
 * the code of the end, or 0. */
static uint16_t receive(uint32_t most) {
    websocket w = {.client = client};
    uint32_t used = 0;
    uint32_t at = 0;
    uint16_t code = 0;
    const char *why = NULL;
    seen_bytes = 0;
    seen[0] = '\0';
    while (at < sent_bytes && code == 0) {
        uint32_t piece = 1 + (uint32_t)(wire_random(&random_state) % most);
        piece = piece < sent_bytes - at ? piece : sent_bytes - at;
        memcpy(block + used, sent + at, piece);
        used += piece;
        at += piece;
        code = websocket_take(&w, block, &used, piece, LIMIT, on_control, NULL, &why);
        if (wire_random(&random_state) % 4 != 0) {
            deliver(&used);
        }
    }
    deliver(&used);
    CHECK((why != NULL) == (code != 0 && w.close_code != code));
    CHECK(code == 0 || used == 0);
    return code;
}

/* The same in pieces of every kind, with the same outcome. */
static uint16_t receive_all_ways(void) {
    static char first[SEEN_MAX];
    uint16_t code = receive(SENT_MAX);
    memcpy(first, seen, seen_bytes + 1);
    size_t bytes = seen_bytes;
    for (uint32_t i = 0; i < 20; i++) {
        uint16_t again = receive(i == 0 ? 1 : i < 10 ? 2 + i : 20000);
        CHECK_INT(again, code);
        /* Controls may be seen before packets that are not yet delivered. */
        CHECK_INT(seen_bytes, bytes);
        CHECK(i != 0 || memcmp(first, seen, bytes) == 0 || strstr(first, "control") != NULL);
    }
    memcpy(seen, first, bytes + 1);
    return code;
}

static void begin(bool to_client) {
    client = to_client;
    sent_bytes = 0;
}

static void send_bytes(const void *bytes, size_t size) {
    CHECK(sent_bytes + size <= SENT_MAX);
    memcpy(sent + sent_bytes, bytes, size);
    sent_bytes += (uint32_t)size;
}

/* Sends a frame; to a client, unmasked. */
static void send_frame(uint8_t first, const void *payload, size_t size) {
    static uint8_t bytes[SENT_MAX];
    size_t whole = web_frame(bytes, first, payload, size);
    if (!client) {
        send_bytes(bytes, whole);
        return;
    }
    bytes[1] &= 0x7F;
    send_bytes(bytes, whole - size - 4);
    send_bytes(payload, size);
}

static void expect(uint16_t code, const char *text) {
    CHECK_INT(receive_all_ways(), code);
    CHECK_TEXT(seen, text);
}

/* ---- sections 5.2 and 5.6: single frames of all sizes ---------------------------------------- */

static void check_sizes(bool to_client) {
    static const uint32_t sizes[] = {2,   3,    9,     124,   125,   126,  127,
                                     128, 1000, 65534, 65535, 65536, 70000};
    static uint8_t data[70000];
    wire_random_bytes(&random_state, data, sizeof data);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char head[64];
        data[0] = 0x34;
        data[1] = 0x12;
        begin(to_client);
        send_frame(WEB_BINARY, data, sizes[i]);
        send_frame(WEB_TEXT, "next", 4);
        CHECK_INT(receive_all_ways(), 0);
        int start = snprintf(head, sizeof head, "packet %u %u:", 0x1234u, (unsigned)sizes[i] - 2);
        CHECK(memcmp(seen, head, (size_t)start) == 0);
        CHECK(memcmp(seen + start, data + 2, sizes[i] - 2) == 0);
        CHECK_TEXT(seen + start + sizes[i] - 2, "\npacket 0 4:next\n");
    }
    begin(to_client);
    send_frame(WEB_TEXT, "", 0);
    expect(0, "packet 0 0:\n");
}

static void check_short_messages(void) {
    begin(false);
    send_frame(WEB_BINARY, "", 0);
    expect(WEBSOCKET_POLICY, "");
    begin(false);
    send_frame(WEB_TEXT, "a", 1);
    send_frame(WEB_BINARY, "a", 1);
    expect(WEBSOCKET_POLICY, "packet 0 1:a\n");
}

/* Section 5.7: its examples, byte for byte. */
static void check_examples(void) {
    static const uint8_t masked[] = {0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
    static uint8_t zeros[65536];
    begin(true);
    send_bytes("\x81\x05Hello", 7);
    send_bytes("\x01\x03Hel\x80\x02lo", 9);
    send_bytes("\x89\x05Hello", 7);
    send_bytes("\x82\x7E\x01\x00", 4);
    send_bytes(zeros, 256);
    send_bytes("\x82\x7F\x00\x00\x00\x00\x00\x01\x00\x00", 10);
    send_bytes(zeros, sizeof zeros);
    CHECK_INT(receive(SENT_MAX), 0);
    const char before[] = "control 9 5:Hello\npacket 0 5:Hello\npacket 0 5:Hello\npacket 0 254:";
    const char after[] = "packet 0 65534:";
    size_t size = strlen(before);
    CHECK(memcmp(seen, before, size) == 0);
    CHECK(memcmp(seen + size + 254 + 1, after, strlen(after)) == 0);
    begin(false);
    send_bytes("\x81", 1);
    send_bytes(masked, sizeof masked);
    send_bytes("\x8a", 1);
    send_bytes(masked, sizeof masked);
    CHECK_INT(receive(SENT_MAX), 0);
    CHECK_TEXT(seen, "control 10 5:Hello\npacket 0 5:Hello\n");
}

/* ---- section 5.2: what is reserved ----------------------------------------------------------- */

static void check_reserved(void) {
    for (uint32_t first = 0; first < 256; first++) {
        bool reserved = (first & 0x70) != 0 || (first & 0x0F) > 10 ||
                        ((first & 0x0F) > 2 && (first & 0x0F) < 8);
        bool control = (first & 0x0F) >= 8;
        bool fin = (first & 0x80) != 0;
        begin(false);
        send_frame((uint8_t)first, "\3\350", 2); /* a code, or half a text */
        uint16_t code = receive_all_ways();
        if (reserved || (control && !fin) || (first & 0x0F) == 0) {
            CHECK_INT(code, WEBSOCKET_PROTOCOL_ERROR);
        } else if (first == WEB_TEXT) {
            CHECK_INT(code, WEBSOCKET_BAD_TEXT);
        } else {
            CHECK_INT(code, first == WEB_CLOSE ? 1000 : 0);
        }
    }
}

static void expect_bad(const char *bytes, size_t size, uint16_t code) {
    begin(false);
    send_frame(WEB_TEXT, "a", 1);
    send_bytes(bytes, size);
    expect(code, "packet 0 1:a\n");
}

/* The shortest form of the length; the highest bit is 0. Section 5.1: a client masks. */
static void check_headers(void) {
    expect_bad("\x82\xFE\x00\x7D....", 8, WEBSOCKET_PROTOCOL_ERROR);
    expect_bad("\x82\xFF\0\0\0\0\0\0\xFF\xFF....", 14, WEBSOCKET_PROTOCOL_ERROR);
    expect_bad("\x82\xFF\x80\0\0\0\0\1\0\0....", 14, WEBSOCKET_PROTOCOL_ERROR);
    expect_bad("\x82\xFF\0\0\0\1\0\0\0\0....", 14, WEBSOCKET_TOO_BIG);
    expect_bad("\x82\xFF\0\0\0\0\0\4\0\0....", 14, WEBSOCKET_TOO_BIG);
    expect_bad("\x82\x02..", 4, WEBSOCKET_PROTOCOL_ERROR);
    expect_bad("\x89\x00", 2, WEBSOCKET_PROTOCOL_ERROR);
    begin(true);
    send_bytes("\x81\x81....a", 7);
    expect(WEBSOCKET_PROTOCOL_ERROR, "");
}

/* ---- section 5.4: fragments ------------------------------------------------------------------ */

static void check_fragments(bool to_client) {
    begin(to_client);
    send_frame(1, "", 0);
    send_frame(0, "ab", 2);
    send_frame(0, "", 0);
    send_frame(WEB_PING, "between", 7);
    send_frame(WEB_FIN, "c", 1);
    send_frame(2, "\1", 1);
    send_frame(WEB_PONG, "", 0);
    send_frame(WEB_FIN, "\2d", 2);
    expect(0, "control 9 7:between\ncontrol 10 0:\npacket 0 3:abc\npacket 513 1:d\n");
    begin(to_client);
    send_frame(1, "a", 1);
    send_frame(WEB_TEXT, "b", 1);
    expect(WEBSOCKET_PROTOCOL_ERROR, "");
    begin(to_client);
    send_frame(WEB_TEXT, "a", 1);
    send_frame(WEB_FIN, "b", 1);
    expect(WEBSOCKET_PROTOCOL_ERROR, "packet 0 1:a\n");
    begin(to_client);
    send_frame(0, "b", 1);
    expect(WEBSOCKET_PROTOCOL_ERROR, "");
}

/* Messages of random sizes in random fragments, with pings between: thousands of them. */
static void check_random_fragments(bool to_client) {
    static char data[SENT_MAX];
    static const uint32_t mosts[] = {3, 60, 130, 200, 66000};
    memset(data, 'x', sizeof data);
    for (uint32_t round = 0; round < 300; round++) {
        static char expected[SEEN_MAX];
        size_t used = 0;
        uint32_t most = mosts[wire_random(&random_state) % 5];
        begin(to_client);
        for (uint32_t message = 0; message < 4; message++) {
            uint32_t total = 0;
            uint32_t fragments = 1 + (uint32_t)(wire_random(&random_state) % 5);
            for (uint32_t i = 1; i <= fragments && total < LIMIT / 4; i++) {
                bool last = i == fragments || total + most >= LIMIT / 4;
                uint32_t size = (uint32_t)(wire_random(&random_state) % most);
                send_frame((uint8_t)((i == 1 ? 1 : 0) | (last ? WEB_FIN : 0)), data, size);
                total += size;
                if (wire_random(&random_state) % 3 == 0) {
                    send_frame(WEB_PONG, "", 0);
                }
                i = last ? fragments : i;
            }
            used += (size_t)snprintf(expected + used, 64, "packet 0 %u:", (unsigned)total);
            memcpy(expected + used, data, total);
            used += total;
            expected[used++] = '\n';
        }
        expected[used] = '\0';
        CHECK_INT(receive(1 + (uint32_t)(wire_random(&random_state) % 70000)), 0);
        char *pong;
        while ((pong = strstr(seen, "control 10 0:\n")) != NULL) {
            memmove(pong, pong + 14, strlen(pong + 14) + 1);
        }
        CHECK(strcmp(seen, expected) == 0);
    }
}

static void check_limit(void) {
    static uint8_t data[LIMIT];
    begin(false);
    send_frame(WEB_BINARY, data, LIMIT - 14); /* the header counts */
    CHECK_INT(receive(SENT_MAX), 0);
    begin(false);
    send_frame(WEB_BINARY, data, LIMIT - 13);
    CHECK_INT(receive(SENT_MAX), WEBSOCKET_TOO_BIG);
    begin(false);
    send_frame(2, data, LIMIT - 24);
    send_frame(0, data, 10);
    CHECK_INT(receive(SENT_MAX), 0);
    send_frame(WEB_FIN, data, 1);
    CHECK_INT(receive(SENT_MAX), WEBSOCKET_TOO_BIG);
    CHECK_INT(seen_bytes, 0);
}

/* ---- section 5.5: control frames ------------------------------------------------------------- */

static void check_controls(void) {
    char most[126];
    memset(most, 'p', sizeof most);
    begin(false);
    send_frame(WEB_PING, most, 125);
    CHECK_INT(receive_all_ways(), 0);
    CHECK(memcmp(seen, "control 9 125:ppp", 17) == 0);
    begin(false);
    send_frame(WEB_PING, most, 126);
    expect(WEBSOCKET_PROTOCOL_ERROR, "");
    begin(false);
    send_frame(WEB_CLOSE & 0x7F, "", 0);
    expect(WEBSOCKET_PROTOCOL_ERROR, "");
}

/* Sections 5.5.1 and 7.4: nothing counts after a close frame; which codes it may have. */
static void check_close(void) {
    begin(false);
    send_frame(WEB_TEXT, "a", 1);
    send_frame(1, "b", 1);
    send_frame(WEB_CLOSE, "", 0);
    send_frame(WEB_TEXT, "c", 1);
    send_bytes("\xFF\xFF\xFF", 3);
    CHECK_INT(receive(SENT_MAX), WEBSOCKET_NO_CODE);
    CHECK_TEXT(seen, "control 8 0:\npacket 0 1:a\n");
    for (uint32_t code = 0; code < 6000; code++) {
        uint8_t payload[2] = {(uint8_t)(code >> 8), (uint8_t)code};
        bool good =
            (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
            (code >= 3000 && code <= 4999);
        begin(false);
        send_frame(WEB_CLOSE, payload, 2);
        CHECK_INT(receive(SENT_MAX), good ? code : WEBSOCKET_PROTOCOL_ERROR);
    }
    begin(false);
    send_frame(WEB_CLOSE, "\3", 1);
    expect(WEBSOCKET_PROTOCOL_ERROR, "");
    begin(false);
    send_frame(WEB_CLOSE, "\3\350bye \xC3\xA9", 8);
    expect(1000, "control 8 8:\3\350bye \xC3\xA9\n");
    begin(false);
    send_frame(WEB_CLOSE, "\3\350bye \xC3", 7);
    expect(WEBSOCKET_BAD_TEXT, "");
}

/* ---- section 8.1: UTF-8 ---------------------------------------------------------------------- */

static const char *const good_texts[] = {"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5",
                                         "\xC2\x80",
                                         "\xDF\xBF",
                                         "\xE0\xA0\x80",
                                         "\xED\x9F\xBF",
                                         "\xEE\x80\x80",
                                         "\xEF\xBF\xBF",
                                         "\xF0\x90\x80\x80",
                                         "\xF4\x8F\xBF\xBF",
                                         "ascii of more than eight bytes \xE2\x82\xAC and more"};
static const char *const bad_texts[] = {"\x80",
                                        "\xBF",
                                        "\xC0\x80",
                                        "\xC1\xBF",
                                        "\xC2",
                                        "\xC2\x61",
                                        "\xE0\x9F\xBF",
                                        "\xE1\x80",
                                        "\xED\xA0\x80",
                                        "\xED\xBF\xBF",
                                        "\xF0\x8F\xBF\xBF",
                                        "\xF0\x90\x80",
                                        "\xF4\x90\x80\x80",
                                        "\xF5\x80\x80\x80",
                                        "\xFE",
                                        "\xFF",
                                        "ascii of some bytes\xFF and more"};

static void check_utf8(const char *text, bool good) {
    size_t size = strlen(text);
    CHECK_INT(utf8_is_text(text, size), good);
    for (size_t cut = 0; cut <= size; cut++) { /* also inside a character */
        begin(false);
        send_frame(1, text, cut);
        send_frame(WEB_PING, "", 0);
        send_frame(WEB_FIN, text + cut, size - cut);
        CHECK_INT(receive_all_ways(), good ? 0 : WEBSOCKET_BAD_TEXT);
    }
}

static void check_texts(void) {
    for (size_t i = 0; i < sizeof good_texts / sizeof good_texts[0]; i++) {
        check_utf8(good_texts[i], true);
    }
    for (size_t i = 0; i < sizeof bad_texts / sizeof bad_texts[0]; i++) {
        check_utf8(bad_texts[i], false);
    }
    /* It is refused at once, although its frame has not ended. */
    begin(false);
    send_bytes("\x81\x85\0\0\0\0a\xFF", 8);
    expect(WEBSOCKET_BAD_TEXT, "");
    begin(false);
    send_frame(WEB_BINARY, "\1\0\xFF\xFE", 4);
    expect(0, "packet 1 2:\xFF\xFE\n");
}

/* ---- what is sent ---------------------------------------------------------------------------- */

static void check_written(bool from_client) {
    static const uint32_t sizes[] = {0, 1, 123, 124, 125, 126, 65533, 65534, 65535, 65536};
    static uint8_t data[65536];
    static uint8_t out[65536 + 32];
    static const uint8_t mask[4] = {1, 2, 3, 4};
    memset(data, 'd', sizeof data);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (uint16_t opcode = 0; opcode < 0x0300; opcode += 0x0101) {
            uint64_t size = websocket_frame_bytes(from_client, opcode, sizes[i]);
            memset(out, 0xEE, sizeof out);
            websocket_write(out, from_client ? mask : NULL, opcode, data, sizes[i]);
            CHECK(out[size] == 0xEE);
            begin(!from_client);
            send_bytes(out, (size_t)size);
            CHECK_INT(receive(SENT_MAX), 0);
            char head[64];
            int start = snprintf(head, sizeof head, "packet %u %u:", opcode, (unsigned)sizes[i]);
            CHECK(memcmp(seen, head, (size_t)start) == 0);
            CHECK_INT(seen_bytes, (size_t)start + sizes[i] + 1);
        }
    }
    uint8_t control[WEBSOCKET_CONTROL_FRAME_MAX] = {0};
    const uint8_t *with = from_client ? mask : NULL;
    begin(!from_client);
    send_bytes(control, websocket_write_control(control, with, WEBSOCKET_PING, "p", 1));
    send_bytes(control, websocket_write_close(control, with, 1009, "large"));
    CHECK_INT(receive(SENT_MAX), 1009);
    CHECK_TEXT(seen, "control 9 1:p\ncontrol 8 7:\3\361large\n");
    begin(!from_client);
    send_bytes(control, websocket_write_close(control, with, WEBSOCKET_NO_CODE, NULL));
    CHECK_INT(receive(SENT_MAX), WEBSOCKET_NO_CODE);
}

/* Section 5.3: every size, to the same place and to places before it, in two pieces. */
static void check_masks(void) {
    enum { MOST = 200, BEFORE = 20 };
    for (uint32_t round = 0; round < MOST * BEFORE; round++) {
        uint8_t bytes[BEFORE + MOST + 8];
        uint8_t right[MOST];
        uint8_t mask[4];
        uint32_t size = round % MOST;
        uint32_t first = size > 0 ? (uint32_t)(wire_random(&random_state) % size) : 0;
        uint32_t before = round / MOST;
        wire_random_bytes(&random_state, bytes, sizeof bytes);
        wire_random_bytes(&random_state, mask, sizeof mask);
        for (uint32_t i = 0; i < size; i++) {
            right[i] = bytes[BEFORE + i] ^ mask[i % 4];
        }
        uint8_t *to = bytes + BEFORE - before;
        uint8_t end = bytes[BEFORE + size];
        mask_copy(to, bytes + BEFORE, first, mask);
        mask_copy(to + first, bytes + BEFORE + first, size - first, mask);
        CHECK(size == 0 || memcmp(to, right, size) == 0);
        CHECK_INT(bytes[BEFORE + size], end);
    }
}

/* Anything at all: nothing is written outside, whatever comes of it. */
static void check_garbage(void) {
    for (uint32_t round = 0; round < 20000; round++) {
        uint8_t bytes[64];
        size_t size = 1 + (size_t)(wire_random(&random_state) % sizeof bytes);
        wire_random_bytes(&random_state, bytes, size);
        bytes[0] &= 0x8F;
        begin(round % 2 == 0);
        send_bytes(bytes, size);
        (void)receive(1 + (uint32_t)(wire_random(&random_state) % 16));
    }
}

SCENARIO(web_frames) {
    for (int side = 0; side < 2; side++) {
        check_sizes(side == 1);
        check_fragments(side == 1);
        check_random_fragments(side == 1);
        check_written(side == 1);
    }
    check_examples();
    check_masks();
    check_short_messages();
    check_reserved();
    check_headers();
    check_limit();
    check_controls();
    check_close();
    check_texts();
    check_garbage();
}

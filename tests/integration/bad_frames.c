/* bad_frames.c: a frame that breaks the rules closes its session, is logged with the reason, and
 * affects nothing else. Frames that merely arrive slowly or in pieces are accepted. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT = 1000 };

static host *h;
static net_socket bystander; /* a session that stays open throughout */
static int64_t refused;      /* refused frames so far */

/* Sends bytes on a new connection and expects the host to close it and count a refused frame. */
static void expect_closed(const char *listener, const void *bytes, size_t size) {
    net_socket s = net_connect(host_port(h, listener));
    CHECK(net_send_all(s, bytes, size));
    CHECK(net_wait_end(s, 10000));
    net_close(s);
    host_wait_figure(h, "packets_rejected{reason=\"frame\"}", ++refused);
    host_wait_figure(h, "sessions", 1);
    wire_expect_echo(bystander, WIRE_U16, 3, "not my affair");
}

static void bad_sizes(const char *listener, wire_kind kind, const uint32_t *sizes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[64] = {0};
        wire_header(kind, bytes, sizes[i], 1);
        expect_closed(listener, bytes, (size_t)kind); /* the header alone is enough */
        expect_closed(listener, bytes, sizeof bytes);
    }
}

/* Frames before the bad one are answered. */
static void good_then_bad(void) {
    uint8_t bytes[64];
    uint8_t reply[64];
    uint16_t opcode = 0;
    size_t size = wire_frame(WIRE_U16, bytes, 17, "good", 4);
    size += wire_header(WIRE_U16, bytes + size, 1, 1);
    net_socket s = net_connect(host_port(h, "u16"));
    CHECK(net_send_all(s, bytes, size));
    CHECK_INT(wire_recv(s, WIRE_U16, &opcode, reply, sizeof reply), 4);
    CHECK_INT(opcode, 17);
    CHECK(net_wait_end(s, 10000));
    net_close(s);
    host_wait_figure(h, "packets_rejected{reason=\"frame\"}", ++refused);
    host_wait_figure(h, "sessions", 1);
}

/* A connection that ends inside a frame is closed silently: no frame is refused or delivered. */
static void cut_off(const char *listener, wire_kind kind) {
    uint8_t bytes[64];
    uint8_t byte = 0;
    size_t size = wire_frame(kind, bytes, 1, "0123456789", 10);
    for (size_t part = 1; part < size; part++) {
        net_socket s = net_connect(host_port(h, listener));
        CHECK(net_send_all(s, bytes, part));
        net_half_close(s);
        int got = net_recv_some(s, &byte, 1); /* nothing comes back before the end */
        CHECK(got == NET_END || got == NET_BROKEN);
        net_close(s);
    }
    host_wait_figure(h, "sessions", 1);
    CHECK_INT(host_figure(h, "packets_rejected{reason=\"frame\"}"), refused);
}

static void dribbled(const char *listener, wire_kind kind) {
    uint8_t bytes[200];
    char reply[64];
    uint16_t opcode = 0;
    size_t size = wire_frame(kind, bytes, 21, "first", 5);
    size += wire_frame(kind, bytes + size, 22, "", 0);
    size += wire_frame(kind, bytes + size, 23, "third of them", 13);
    net_socket s = net_connect(host_port(h, listener));
    for (size_t i = 0; i < size; i++) {
        CHECK(net_send_all(s, bytes + i, 1));
        wire_expect_echo(bystander, WIRE_U16, 4,
                         "between"); /* gives the byte time to arrive alone */
    }
    CHECK_INT(wire_recv(s, kind, &opcode, reply, sizeof reply), 5);
    CHECK_INT(opcode, 21);
    CHECK_INT(wire_recv(s, kind, &opcode, reply, sizeof reply), 0);
    CHECK_INT(opcode, 22);
    CHECK_INT(wire_recv(s, kind, &opcode, reply, sizeof reply), 13);
    CHECK_INT(opcode, 23);
    CHECK(memcmp(reply, "third of them", 13) == 0);
    net_close(s);
    host_wait_figure(h, "sessions", 1);
}

static void lines(void) {
    char line[LIMIT + 100];
    memset(line, 'x', sizeof line);
    expect_closed("line", line, LIMIT + 50);
    line[LIMIT + 20] = '\n';
    expect_closed("line", line, sizeof line);

    line[LIMIT - 1] = '\n'; /* the longest line: the limit includes the line end */
    net_socket s = net_connect(host_port(h, "line"));
    char reply[LIMIT + 100];
    CHECK(net_send_all(s, line, LIMIT));
    CHECK(wire_recv_line(s, reply, sizeof reply));
    CHECK_INT(strlen(reply), LIMIT - 1);
    const char pieces[] = "one\r\ntwo\n\nthree\r\n";
    for (size_t i = 0; i < sizeof pieces - 1; i++) {
        CHECK(net_send_all(s, pieces + i, 1));
        wire_expect_echo(bystander, WIRE_U16, 4, "between");
    }
    const char *const expected[] = {"one", "two", "", "three"};
    for (size_t i = 0; i < 4; i++) {
        CHECK(wire_recv_line(s, reply, sizeof reply));
        CHECK_TEXT(reply, expected[i]);
    }
    net_close(s);
    host_wait_figure(h, "sessions", 1);
}

SCENARIO(bad_frames) {
    host_options options = {
        .name = "bad_frames",
        .modules = "echo",
        .listeners =
            {
                {"u16", "echo.session", "frame_limit_bytes = 1000\n"},
                {"u32", "echo.session", "framing = u32\nframe_limit_bytes = 1000\n"},
                {"line", "echo.session", "framing = line\nframe_limit_bytes = 1000\n"},
            },
    };
    static const uint32_t sizes16[] = {0, 1, 2, 3, LIMIT + 1, 65535};
    static const uint32_t sizes32[] = {0,         1,     2,          3,          7,
                                       LIMIT + 1, 65536, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
    static const uint8_t not_zero[] = {10, 0, 0, 0, 1, 0, 1, 0, 'a', 'b'};
    h = host_start(&options);
    bystander = net_connect(host_port(h, "u16"));
    wire_expect_echo(bystander, WIRE_U16, 1, "here");
    bad_sizes("u16", WIRE_U16, sizes16, sizeof sizes16 / sizeof sizes16[0]);
    bad_sizes("u32", WIRE_U32, sizes32, sizeof sizes32 / sizeof sizes32[0]);
    expect_closed("u32", not_zero, sizeof not_zero);
    host_wait_log_some(h, "the size in the header is smaller than the header", 1);
    host_wait_log_some(h, "the size in the header is above frame_limit_bytes", 1);
    good_then_bad();
    cut_off("u16", WIRE_U16);
    cut_off("u32", WIRE_U32);
    dribbled("u16", WIRE_U16);
    dribbled("u32", WIRE_U32);
    lines();
    net_close(bystander);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

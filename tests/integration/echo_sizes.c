/* echo_sizes.c: frames of every size come back byte for byte, in every framing. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdlib.h>
#include <string.h>

enum { LARGEST = 1 << 20 };

static uint8_t sent[LARGEST];
static uint8_t received[LARGEST];

/* One frame with a total of `frame_size` bytes. */
static void echo_frame(net_socket s, wire_kind kind, uint32_t frame_size, uint64_t *random) {
    uint8_t header[WIRE_U32];
    uint32_t size = frame_size - (uint32_t)kind;
    uint16_t opcode = (uint16_t)wire_random(random);
    uint16_t reply_opcode = 0;
    wire_random_bytes(random, sent, size);
    CHECK(net_send_all(s, header, wire_header(kind, header, frame_size, opcode)));
    CHECK(net_send_all(s, sent, size));
    CHECK_INT(wire_recv(s, kind, &reply_opcode, received, sizeof received), size);
    CHECK_INT(reply_opcode, opcode);
    CHECK(memcmp(sent, received, size) == 0);
}

static void echo_sized(net_socket s, wire_kind kind, uint32_t largest) {
    uint64_t random = 7;
    uint32_t small_end = (uint32_t)scale(1100, 100);
    for (uint32_t size = (uint32_t)kind; size < small_end; size++) {
        echo_frame(s, kind, size, &random);
    }
    for (uint32_t power = 256; power <= largest; power *= 2) {
        for (uint32_t size = power - 9; size <= power + 9 && size <= largest; size++) {
            echo_frame(s, kind, size, &random);
        }
    }
    for (int i = 0; i < scale(300, 50); i++) {
        echo_frame(s, kind,
                   (uint32_t)kind + (uint32_t)(wire_random(&random) % (largest - (uint32_t)kind)),
                   &random);
    }
    echo_frame(s, kind, largest, &random);
    echo_frame(s, kind, (uint32_t)kind, &random);
}

/* Each line comes back; CRLF comes back as LF. */
static void echo_lines(net_socket s) {
    static char line[2000];
    char reply[2000];
    for (size_t size = 0; size < 1020; size += 17) {
        memset(line, 'a' + (int)(size % 26), size);
        memcpy(line + size, "\r\n", 3);
        CHECK(net_send_all(s, line, size + (size % 2 == 0 ? 2 : 0)));
        if (size % 2 != 0) {
            CHECK(net_send_all(s, "\n", 1));
        }
        CHECK(wire_recv_line(s, reply, sizeof reply));
        line[size] = '\0';
        CHECK_TEXT(reply, line);
    }
}

static void echo_raw(net_socket s) {
    uint64_t random = 9;
    for (uint32_t size = 1; size <= 300000; size = size * 2 + 1) {
        wire_random_bytes(&random, sent, size);
        CHECK(net_send_all(s, sent, size));
        CHECK(net_recv_exactly(s, received, size));
        CHECK(memcmp(sent, received, size) == 0);
    }
}

SCENARIO(echo_sizes) {
    host_options options = {
        .name = "echo_sizes",
        .modules = "echo",
        .listeners =
            {
                {"u16", "echo.session", NULL},
                {"u32", "echo.session",
                 "framing = u32\nframe_limit_bytes = 1048576\nsend_limit_bytes = 4M\n"},
                {"line", "echo.session", "framing = line\nframe_limit_bytes = 1024\n"},
                {"raw", "echo.session", "framing = raw\n"},
            },
    };
    host *h = host_start(&options);
    net_socket s = net_connect(host_port(h, "u16"));
    echo_sized(s, WIRE_U16, 65535);
    net_close(s);
    s = net_connect(host_port(h, "u32"));
    echo_sized(s, WIRE_U32, LARGEST);
    net_close(s);
    s = net_connect(host_port(h, "line"));
    echo_lines(s);
    net_close(s);
    s = net_connect(host_port(h, "raw"));
    echo_raw(s);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

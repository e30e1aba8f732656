/* over_rate.c: a session that is over packets_per_second or byte_rate is closed, or with over_rate
 * = slow read more slowly: then nothing of it is lost, it is not idle, it still gets what is sent
 * to it, and its end, a kick and a swap reach it. One that is closed is read to its end. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <string.h>

enum {
    PACKETS = 50, /* at 20 a second, of which 20 at once */
    FRAMES = 100, /* of FRAME_BYTES, at 64 KiB a second, of which 64 KiB at once */
    FRAME_BYTES = 3 * 1024,
    FLOOD_BYTES = 384 * 1024,
    BLOCK_BYTES = 8 * 1024 /* at 2 KiB a second: it is slowed for 3 s */
};

static uint8_t payload[BLOCK_BYTES];

/* Frames that are sent at once all come back, in their order, and not too early. */
static void nothing_is_lost(host *h, const char *listener, int frames, uint32_t size,
                            uint64_t least_ms) {
    static uint8_t sent[FRAMES * (FRAME_BYTES + WIRE_U16)];
    size_t used = 0;
    uint16_t opcode = 0;
    net_socket s = net_connect(host_port(h, listener));
    uint64_t start_ms = clock_now_ms();
    for (int i = 0; i < frames; i++) {
        memset(payload, i, size);
        used += wire_frame(WIRE_U16, sent + used, (uint16_t)(i + 1), payload, size);
    }
    CHECK(net_send_all(s, sent, used));
    for (int i = 0; i < frames; i++) {
        CHECK_INT(wire_recv(s, WIRE_U16, &opcode, payload, sizeof payload), size);
        CHECK_INT(opcode, i + 1);
        CHECK(size == 0 || (payload[0] == i && payload[size - 1] == i));
    }
    CHECK(clock_now_ms() - start_ms >= least_ms);
    net_close(s);
}

/* Connects and sends so much that the session is slowed, which has been seen when this returns. */
static net_socket slowed(host *h, const char *listener) {
    int64_t before = host_figure(h, "slowed");
    net_socket s = net_connect(host_port(h, listener));
    memset(payload, 7, sizeof payload);
    CHECK(wire_send(s, WIRE_U16, 7, payload, sizeof payload));
    host_wait_at_least(h, "slowed", before + 1);
    return s;
}

static void expect_block(net_socket s) {
    static uint8_t reply[BLOCK_BYTES];
    uint16_t opcode = 0;
    CHECK_INT(wire_recv(s, WIRE_U16, &opcode, reply, sizeof reply), sizeof reply);
    CHECK(reply[0] == 7 && reply[BLOCK_BYTES - 1] == 7);
}

/* Its idle_timeout_s is 1, and it is slowed for longer. */
static void is_not_idle(host *h) {
    net_socket s = slowed(h, "block");
    expect_block(s);
    net_close(s);
    host_wait_figure(h, "sessions", 1);
}

static void may_be_kicked(host *h) {
    char text[4096];
    char command[64];
    net_socket s = slowed(h, "block");
    host_admin(h, "sessions", text, sizeof text);
    const char *line = strstr(text, " block ");
    while (line > text && line[-1] != '\n') {
        line--;
    }
    CHECK(line != NULL);
    (void)snprintf(command, sizeof command, "kick %.*s", (int)strcspn(line, " "), line);
    host_admin(h, command, text, sizeof text);
    CHECK(net_wait_end(s, 20000));
    net_close(s);
    host_wait_figure(h, "sessions", 1);
}

/* It has hung up; and one that has reset the connection. */
static void may_end(host *h) {
    net_socket s = slowed(h, "block");
    net_close(s);
    host_wait_figure(h, "sessions", 1);
    s = slowed(h, "block");
    net_reset(s);
    host_wait_figure(h, "sessions", 1);
}

static void survives_a_swap(host *h) {
    char text[4096];
    net_socket s = slowed(h, "block");
    host_admin(h, "swap --force echo", text, sizeof text);
    expect_block(s);
    net_close(s);
    host_wait_figure(h, "sessions", 1);
}

static void is_closed(host *h, const char *listener, uint32_t size) {
    net_socket s = net_connect(host_port(h, listener));
    for (int i = 0; i < 200; i++) {
        if (!wire_send(s, WIRE_U16, 1, payload, size)) {
            break;
        }
    }
    CHECK(net_wait_end(s, 20000));
    net_close(s);
    host_wait_figure(h, "sessions", 1);
}

/* It has sent far more than was read of it, and is read to its end all the same: its time to close
 * is ten minutes. */
static void is_read_to_the_end(host *h) {
    static uint8_t sent[FLOOD_BYTES];
    net_socket s = net_connect(host_port(h, "flooded"));
    for (size_t used = 0; used + 16 <= sizeof sent;) {
        used += wire_frame(WIRE_U16, sent + used, 1, payload, 8);
    }
    (void)net_send_all(s, sent, sizeof sent);
    CHECK(net_wait_end(s, 20000));
    net_close(s);
    host_wait_figure(h, "sessions", 1);
}

SCENARIO(over_rate) {
    static const char block[] = "byte_rate = 2K\nover_rate = slow\nidle_timeout_s = 1\n"
                                "close_timeout_ms = 600000\n";
    host_options options = {
        .name = "over_rate",
        .modules = "echo",
        .listeners =
            {
                {"packets", "echo.session", "packets_per_second = 20\nover_rate = slow\n"},
                {"bytes", "echo.session", "byte_rate = 64K\nover_rate = slow\n"},
                {"block", "echo.session", block},
                {"strict", "echo.session", "byte_rate = 8K\nframe_limit_bytes = 4K\n"},
                {"flooded", "echo.session", "byte_rate = 64K\nclose_timeout_ms = 600000\n"},
                {"calm", "echo.session", NULL},
            },
    };
    host *h = host_start(&options);
    net_socket calm = net_connect(host_port(h, "calm"));
    nothing_is_lost(h, "packets", PACKETS, 0, 1450);
    nothing_is_lost(h, "bytes", FRAMES, FRAME_BYTES, 3600);
    host_wait_log(h, "exceeds byte_rate", 1); /* although it was slowed several times */
    is_not_idle(h);
    may_be_kicked(h);
    may_end(h);
    survives_a_swap(h);
    is_closed(h, "strict", 1000);
    host_wait_log(h, "exceeds byte_rate = 8192: closed", 1);
    is_read_to_the_end(h);
    wire_expect_echo(calm, WIRE_U16, 1, "undisturbed");
    net_close(calm);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

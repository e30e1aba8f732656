/* pipelined.c: many connections with 64 frames in flight each receive every answer, in order and
 * unchanged, and what a batch sends to one session leaves in one send call. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/load.h"

#include <string.h>

enum { IN_FLIGHT = 64 };

static void many_connections(host *h) {
    load_options how = {
        .port = host_port(h, "game"),
        .kind = WIRE_U16,
        .connections = scale(100, 20),
        .in_flight = IN_FLIGHT,
        .frames = (uint64_t)scale(2000, 256),
        .payload_max = 200,
        .seed = 1,
        .opcode = -1,
    };
    uint64_t expected = (uint64_t)how.connections * how.frames;
    load *l = load_create(&how);
    CHECK(load_finish(l, 120000));
    CHECK_INT(load_answered(l), expected);
    CHECK_INT(load_ended(l), 0);
    load_destroy(l);
    host_wait_figure(h, "sessions", 0);
    /* The packets of the admin listener itself are counted, too. */
    CHECK(host_figure(h, "received_packets") >= (int64_t)expected &&
          host_figure(h, "received_packets") < (int64_t)expected + 5000);
    CHECK(host_figure(h, "sent_packets") >= (int64_t)expected &&
          host_figure(h, "sent_packets") < (int64_t)expected + 5000);
    /* At most one send call follows a recv, and with 64 frames in flight a recv brings many of
     * them. */
    int64_t calls = host_figure(h, "send_calls");
    CHECK(calls > 0);
    CHECK(expected / (uint64_t)calls >= 4);
    CHECK(calls <= host_figure(h, "recv_calls"));
}

/* The host counts what it sends when it has sent it, so a client may have it a moment before. */
static int64_t packets_out_from(host *h, int64_t least) {
    int64_t packets = host_figure(h, "sent_packets");
    for (int i = 0; i < 500 && packets < least; i++) {
        clock_sleep_ms(10);
        packets = host_figure(h, "sent_packets");
    }
    return packets;
}

/* All 64 frames are sent in one call and fit one recv of the host, so they form one batch, which
 * exactly one send call answers. */
static void one_call_per_batch(host *h) {
    enum { ROUNDS = 50, PAYLOAD = 12, FRAME = PAYLOAD + WIRE_U16 };
    uint8_t frames[IN_FLIGHT * FRAME];
    uint8_t replies[sizeof frames];
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        wire_frame(WIRE_U16, frames + i * FRAME, (uint16_t)i, "twelve bytes", PAYLOAD);
    }
    net_socket s = net_connect(host_port(h, "game"));
    wire_expect_echo(s, WIRE_U16, 1, "warm up");
    int64_t calls = host_figure(h, "send_calls");
    int64_t packets = host_figure(h, "sent_packets");
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(net_send_all(s, frames, sizeof frames));
        CHECK(net_recv_exactly(s, replies, sizeof replies));
        CHECK(memcmp(frames, replies, sizeof frames) == 0);
    }
    packets = packets_out_from(h, packets + (int64_t)ROUNDS * IN_FLIGHT) - packets;
    CHECK(packets >= ROUNDS * IN_FLIGHT &&
          packets <= ROUNDS * IN_FLIGHT + 8); /* including the admin listener's */
    calls = host_figure(h, "send_calls") - calls;
    CHECK(calls >= ROUNDS);
    CHECK(calls <= ROUNDS + 8); /* up to six answers of the admin listener are included */
    net_close(s);
}

SCENARIO(pipelined) {
    host_options options = {
        .name = "pipelined",
        .workers = 5,
        .modules = "echo",
        .listeners = {{"game", "echo.session", "max_sessions = 200\n"}},
    };
    host *h = host_start(&options);
    many_connections(h);
    one_call_per_batch(h);
    host_stop(h);
}

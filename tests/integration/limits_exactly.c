/* limits_exactly.c: a client that sends exactly packets_per_second packets at once, or to which
 * exactly send_limit_bytes wait to be sent, is within the limits. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

enum { RATE = 20, LIMIT_BYTES = 1000, FIRST_BYTES = 600, ROUNDS = 10 };

/* Sends frames with these payloads at once, so that the host handles them in one batch, and expects
 * them all back. */
static void expect_all(host *h, const char *listener, const uint32_t *sizes, uint32_t count) {
    static const uint8_t payload[LIMIT_BYTES];
    uint8_t frames[RATE * WIRE_U16 + LIMIT_BYTES];
    uint8_t reply[sizeof payload];
    uint16_t opcode = 0;
    size_t used = 0;
    net_socket s = net_connect(host_port(h, listener));
    for (uint32_t i = 0; i < count; i++) {
        used += wire_frame(WIRE_U16, frames + used, 1, payload, sizes[i]);
    }
    CHECK(net_send_all(s, frames, used));
    for (uint32_t i = 0; i < count; i++) {
        CHECK_INT(wire_recv(s, WIRE_U16, &opcode, reply, sizeof reply), sizes[i]);
    }
    net_close(s);
}

SCENARIO(limits_exactly) {
    static const uint32_t burst[RATE] = {0};
    static const uint32_t backlog[] = {FIRST_BYTES - WIRE_U16,
                                       LIMIT_BYTES - FIRST_BYTES - WIRE_U16};
    host_options options = {
        .name = "limits_exactly",
        .modules = "echo",
        .listeners =
            {
                {"rate", "echo.session", "packets_per_second = 20\n"},
                {"backlog", "echo.session", "send_limit_bytes = 1000\nframe_limit_bytes = 1000\n"},
            },
    };
    host *h = host_start(&options);
    for (int i = 0; i < ROUNDS; i++) {
        expect_all(h, "rate", burst, RATE);
        expect_all(h, "backlog", backlog, 2);
    }
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

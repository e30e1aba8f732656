/* close_in_handler.c: a module closes sessions inside their own handlers, in every possible way.
 * What it sent before arrives, later packets are not delivered, and every on_close runs once. The
 * other side, tests/abi/closes_in_handler.c, logs an error for every status that is not as
 * documented. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

static uint64_t own_id(net_socket s) {
    uint64_t id = 0;
    uint16_t opcode = 0;
    CHECK(wire_send(s, WIRE_U16, 5, NULL, 0));
    CHECK_INT(wire_recv(s, WIRE_U16, &opcode, &id, sizeof id), sizeof id);
    CHECK(id != 0);
    return id;
}

/* Opcodes 1 and 3: no answer. Frames after the closing one are dropped. */
static void closes(host *h, uint16_t opcode) {
    char byte = 0;
    net_socket s = net_connect(host_port(h, "session"));
    uint8_t frames[3 * WIRE_U16];
    size_t size = wire_frame(WIRE_U16, frames, opcode, NULL, 0);
    size += wire_frame(WIRE_U16, frames + size, 5, NULL, 0);
    size += wire_frame(WIRE_U16, frames + size, opcode, NULL, 0);
    CHECK(net_send_all(s, frames, size));
    int got = net_recv_some(s, &byte, 1);
    CHECK(got == NET_END || got == NET_BROKEN);
    net_close(s);
}

static void last_words(host *h) {
    char reply[16];
    uint16_t opcode = 0;
    net_socket s = net_connect(host_port(h, "session"));
    CHECK(wire_send(s, WIRE_U16, 2, NULL, 0));
    CHECK_INT(wire_recv(s, WIRE_U16, &opcode, reply, sizeof reply), 4);
    CHECK_INT(opcode, 2);
    CHECK(memcmp(reply, "last", 4) == 0);
    CHECK_INT(net_recv_some(s, reply, 1), NET_END);
    net_close(s);
}

static void closes_other(host *h) {
    net_socket victim = net_connect(host_port(h, "session"));
    net_socket s = net_connect(host_port(h, "session"));
    uint64_t id = own_id(victim);
    int32_t status = 0;
    uint16_t opcode = 0;
    CHECK(own_id(s) != id);
    CHECK(wire_send(s, WIRE_U16, 4, &id, sizeof id));
    CHECK_INT(wire_recv(s, WIRE_U16, &opcode, &status, sizeof status), sizeof status);
    CHECK_INT(status, 0);
    CHECK(net_wait_end(victim, 10000));
    CHECK(wire_send(s, WIRE_U16, 4, &id, sizeof id)); /* again: it is gone */
    CHECK_INT(wire_recv(s, WIRE_U16, &opcode, &status, sizeof status), sizeof status);
    CHECK_INT(status, -3);
    net_close(victim);
    net_close(s);
}

static void closes_at_open(host *h) {
    char reply[16];
    uint16_t opcode = 0;
    net_socket s = net_connect(host_port(h, "at_open"));
    CHECK_INT(wire_recv(s, WIRE_U16, &opcode, reply, sizeof reply), 5);
    CHECK(memcmp(reply, "hello", 5) == 0);
    CHECK_INT(net_recv_some(s, reply, 1), NET_END);
    net_close(s);
    s = net_connect(host_port(h, "refuses"));
    CHECK(net_wait_end(s, 10000));
    net_close(s);
}

SCENARIO(close_in_handler) {
    host_options options = {
        .name = "close_in_handler",
        .modules = "closes_in_handler",
        .listeners =
            {
                {"session", "closes_in_handler.session", NULL},
                {"refuses", "closes_in_handler.refuses", NULL},
                {"at_open", "closes_in_handler.at_open", NULL},
            },
    };
    host *h = host_start(&options);
    int rounds = scale(200, 20);
    for (int i = 0; i < rounds; i++) {
        closes(h, 1);
        closes(h, 3);
        last_words(h);
        closes_other(h);
        closes_at_open(h);
    }
    host_wait_figure(h, "sessions", 0);
    host_interrupt(h);
    CHECK_INT(host_wait_exit(h, 60000), 0);
    char expected[64];
    snprintf(expected, sizeof expected, "opened %d closed %d", rounds * 7, rounds * 7);
    host_wait_log(h, expected, 1);
    host_finish(h, 0); /* no error line, so every status was as documented */
}

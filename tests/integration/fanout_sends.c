/* fanout_sends.c: a session whose packets go to many others by session_send pays for each of them
 * under fanout_rate, as for a broadcast, and is read more slowly; nothing is lost. What a session
 * sends to itself is free. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <string.h>

enum { CROWD = 20, RELAYS = 40, ECHOES = 1000, SIZE = 100, RELAY = 1, ECHO = 2 };

static void echo(net_socket s, const char *payload) {
    char reply[SIZE];
    uint16_t opcode = 0;
    for (int i = 0; i < ECHOES; i++) {
        CHECK(wire_send(s, WIRE_U16, ECHO, payload, SIZE));
        CHECK_INT(wire_recv(s, WIRE_U16, &opcode, reply, sizeof reply), SIZE);
        CHECK(opcode == ECHO && memcmp(reply, payload, SIZE) == 0);
    }
}

SCENARIO(fanout_sends) {
    host_options options = {
        .name = "fanout_sends",
        .modules = "relays",
        .listeners = {{"game", "relays.session", "fanout_rate = 64K\nover_rate = slow\n"}},
    };
    char payload[SIZE];
    char reply[SIZE];
    memset(payload, 'x', sizeof payload);
    host *h = host_start(&options);
    net_socket crowd[CROWD];
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = net_connect(host_port(h, "game"));
        wire_expect_echo(crowd[i], WIRE_U16, ECHO, "here");
    }
    net_socket caller = net_connect(host_port(h, "game"));
    echo(caller, payload); /* 164,000 bytes for the rate, if they counted */
    CHECK_INT(host_figure(h, "slowed"), 0);
    for (int i = 0; i < RELAYS; i++) { /* 131,200 bytes */
        CHECK(wire_send(caller, WIRE_U16, RELAY, payload, SIZE));
    }
    wire_expect_echo(caller, WIRE_U16, ECHO, "in order");
    CHECK(host_figure(h, "slowed") >= 1);
    host_wait_log(h, "exceeds fanout_rate", 1);
    for (int i = 0; i < CROWD; i++) {
        uint16_t opcode = 0;
        for (int j = 0; j < RELAYS; j++) {
            CHECK_INT(wire_recv(crowd[i], WIRE_U16, &opcode, reply, sizeof reply), SIZE);
            CHECK_INT(opcode, RELAY);
        }
        net_close(crowd[i]);
    }
    net_close(caller);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

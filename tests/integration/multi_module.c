/* multi_module.c: two modules have their own handlers and states on the sessions of one type. The
 * ini names the second module first: dependencies, not the file, determine the order of loading. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdint.h>

enum { CLIENTS = 20, ROUNDS = 10, PAIRS = 50 };

/* Packets for both modules that arrive together: each is handled with the state of its own. */
static void in_turn(net_socket s) {
    uint8_t frames[PAIRS * 16];
    size_t used = 0;
    for (uint32_t i = 0; i < PAIRS; i++) {
        used += wire_frame(WIRE_U16, frames + used, 20, "x", 1);
        used += wire_frame(WIRE_U16, frames + used, 7, NULL, 0);
    }
    CHECK(net_send_all(s, frames, used));
    for (uint32_t i = 1; i <= PAIRS; i++) {
        uint64_t of_second = 0;
        uint32_t of_counts = 0;
        uint16_t opcode = 0;
        CHECK_INT(wire_recv(s, WIRE_U16, &opcode, &of_second, sizeof of_second), sizeof of_second);
        CHECK_INT(opcode, 20);
        CHECK_INT(of_second, ROUNDS + i);
        CHECK_INT(wire_recv(s, WIRE_U16, &opcode, &of_counts, sizeof of_counts), sizeof of_counts);
        CHECK_INT(opcode, 7);
        CHECK_INT(of_counts, ROUNDS + i);
    }
}

SCENARIO(multi_module) {
    host_options options = {
        .name = "multi_module",
        .modules = "second counts",
        .listeners = {{"game", "counts.session", NULL}},
    };
    host *h = host_start(&options);
    net_socket clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = net_connect(host_port(h, "game"));
    }
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++) {
            uint64_t of_second = 0;
            uint32_t of_counts = 0;
            uint16_t opcode = 0;
            CHECK(wire_send(clients[i], WIRE_U16, 20, "x", 1));
            CHECK_INT(wire_recv(clients[i], WIRE_U16, &opcode, &of_second, sizeof of_second),
                      sizeof of_second);
            CHECK_INT(opcode, 20);
            CHECK_INT(of_second, round);
            CHECK(wire_send(clients[i], WIRE_U16, 7, NULL, 0));
            CHECK_INT(wire_recv(clients[i], WIRE_U16, &opcode, &of_counts, sizeof of_counts),
                      sizeof of_counts);
            CHECK_INT(opcode, 7);
            CHECK_INT(of_counts, round); /* opcode 20 belongs to the other module */
        }
    }
    in_turn(clients[0]);
    wire_expect_echo(clients[0], WIRE_U16, 21, "an opcode that nobody has registered");
    for (int i = 0; i < CLIENTS; i++) {
        net_close(clients[i]);
    }
    host_wait_figure(h, "sessions", 0);
    host_interrupt(h);
    CHECK_INT(host_wait_exit(h, 60000), 0);
    host_wait_log(h, "opened 20 closed 20 packets 251 wrong 0", 1);
    host_wait_log(h, "opened 20 closed 20 wrong 0", 1);
    host_finish(h, 0);
}

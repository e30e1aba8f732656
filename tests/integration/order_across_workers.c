/* order_across_workers.c: with 5 workers the packets of one session are handled in order and one at
 * a time, while different sessions run at once. tests/abi/orders.c checks from inside; the load
 * checks the order of the answers. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS = 24, BURST = 40, FRAME = WIRE_U16 + 4 };

/* Sends frames `from` to `from` + BURST at once, split at some point so that a frame ends in the
 * next recv. */
static void send_burst(net_socket s, uint32_t from, uint64_t *random) {
    uint8_t frames[BURST * FRAME];
    for (uint32_t i = 0; i < BURST; i++) {
        uint32_t number = from + i;
        wire_frame(WIRE_U16, frames + i * FRAME, (uint16_t)number, &number, sizeof number);
    }
    size_t cut = (size_t)(wire_random(random) % sizeof frames);
    CHECK(net_send_all(s, frames, cut));
    CHECK(net_send_all(s, frames + cut, sizeof frames - cut));
}

static void expect_burst(net_socket s, uint32_t from) {
    for (uint32_t i = 0; i < BURST; i++) {
        uint32_t number = 0;
        uint16_t opcode = 0;
        CHECK_INT(wire_recv(s, WIRE_U16, &opcode, &number, sizeof number), sizeof number);
        CHECK_INT(number, from + i);
        CHECK_INT(opcode, (uint16_t)(from + i));
    }
}

SCENARIO(order_across_workers) {
    host_options options = {
        .name = "order_across_workers",
        .workers = 5,
        .modules = "orders",
        .listeners = {{"game", "orders.session", NULL}},
    };
    host *h = host_start(&options);
    net_socket clients[CLIENTS];
    uint64_t random = 11;
    uint32_t rounds = (uint32_t)scale(200, 20);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = net_connect(host_port(h, "game"));
    }
    for (uint32_t round = 0; round < rounds; round++) {
        for (int i = 0; i < CLIENTS; i++) {
            send_burst(clients[i], round * BURST, &random);
        }
        for (int i = 0; i < CLIENTS; i++) {
            if (round > 0) { /* one burst is always in flight */
                expect_burst(clients[i], (round - 1) * BURST);
            }
        }
    }
    for (int i = 0; i < CLIENTS; i++) {
        expect_burst(clients[i], (rounds - 1) * BURST);
        net_close(clients[i]);
    }
    host_interrupt(h);
    CHECK_INT(host_wait_exit(h, 60000), 0);
    char expected[100];
    snprintf(expected, sizeof expected, "packets %u overtaken 0 together 0",
             (unsigned)(CLIENTS * BURST * rounds));
    char line[256] = "";
    host_try_log_line(h, "overtaken", line, sizeof line);
    CHECK(strstr(line, expected) != NULL);
    host_finish(h, 0);
}

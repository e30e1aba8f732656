/* rooms_one_at_a_time.c: many sessions of one room send at once. Their handlers never run
 * concurrently (a non-atomic flag in the room's state), and the room's counter, also not atomic,
 * misses none. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

enum { CLIENTS = 32, BURST = 8, CREATE = 1, JOIN = 2, WORK = 8 };

SCENARIO(rooms_one_at_a_time) {
    host_options options = {
        .name = "rooms_one_at_a_time",
        .workers = 5,
        .modules = "rooms",
        .listeners = {{"game", "rooms.session", NULL}},
    };
    host *h = host_start(&options);
    net_socket clients[CLIENTS];
    uint8_t filler[64] = {0};
    uint32_t highest = 0;
    int rounds = scale(400, 20);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = net_connect(host_port(h, "game"));
        CHECK(i > 0 || wire_ask_status(clients[i], CREATE, "phall") == 0);
        CHECK_INT(wire_ask_status(clients[i], JOIN, "phall"), 0);
    }
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < CLIENTS * BURST; i++) {
            CHECK(wire_send(clients[i % CLIENTS], WIRE_U16, WORK, filler,
                            (uint32_t)i % sizeof filler));
        }
        for (int i = 0; i < CLIENTS * BURST; i++) {
            uint32_t count = 0;
            CHECK_INT(wire_wait(clients[i % CLIENTS], WORK, &count, sizeof count), sizeof count);
            CHECK(count > 0); /* it ran with the room's state */
            highest = count > highest ? count : highest;
        }
    }
    CHECK_INT(highest, rounds * CLIENTS * BURST);
    for (int i = 0; i < CLIENTS; i++) {
        net_close(clients[i]);
    }
    host_wait_figure(h, "sessions", 0);
    host_admin(h, "unload rooms", NULL, 0);
    host_wait_log(h, "rooms 1/1 members 32/32 sessions 32/32 wrong 0", 1);
    host_stop(h);
}

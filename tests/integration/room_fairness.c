/* room_fairness.c: rooms that are flooded with messages without end do not keep sessions outside,
 * or their own members, from being answered: a turn is bounded. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>

enum { FLOODED = 8, CREATE = 1, JOIN = 2, WORK = 8, FLOOD = 9, ECHO = 50 };

static uint64_t worst_of(net_socket s, uint16_t opcode, int count) {
    uint64_t worst_ms = 0;
    for (int i = 0; i < count; i++) {
        char reply[16];
        uint64_t start_ms = clock_now_ms();
        /* Answered within the client's time-out. */
        CHECK(wire_ask(s, opcode, "ping", 4, reply, sizeof reply) == 4);
        uint64_t took_ms = clock_now_ms() - start_ms;
        worst_ms = took_ms > worst_ms ? took_ms : worst_ms;
    }
    return worst_ms;
}

SCENARIO(room_fairness) {
    host_options options = {
        .name = "room_fairness",
        .workers = 2, /* fewer than rooms: without a bound no worker would ever be free */
        .modules = "rooms echo",
        .listeners = {{"game", "rooms.session", NULL}, {"echo", "echo.session", NULL}},
    };
    host *h = host_start(&options);
    net_socket members[FLOODED];
    for (int i = 0; i < FLOODED; i++) {
        char name[16];
        uint32_t messages = 1000;
        uint32_t reply = 0;
        snprintf(name, sizeof name, "p%d", i);
        members[i] = net_connect(host_port(h, "game"));
        CHECK_INT(wire_ask_status(members[i], CREATE, name), 0);
        CHECK_INT(wire_ask_status(members[i], JOIN, name), 0);
        CHECK_INT(wire_ask(members[i], FLOOD, &messages, sizeof messages, &reply, sizeof reply),
                  sizeof reply);
    }
    net_socket outside = net_connect(host_port(h, "echo"));
    uint64_t echo_ms = worst_of(outside, ECHO, scale(500, 20));
    uint64_t member_ms = worst_of(members[0], WORK, scale(50, 3));
    printf("beside %d flooded rooms: an echo took at most %llu ms, a member's packet %llu ms\n",
           FLOODED, (unsigned long long)echo_ms, (unsigned long long)member_ms);
    for (int i = 0; i < FLOODED; i++) {
        net_close(members[i]);
    }
    net_close(outside);
    host_wait_figure(h, "sessions", 0);
    host_admin(h, "unload rooms", NULL, 0); /* ends the floods */
    host_wait_log(h, "wrong 0", 1);
    host_wait_figure(h, "rooms", 0);
    host_stop(h);
}

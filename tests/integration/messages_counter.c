/* messages_counter.c: non-atomic counters in the module, a room and every session, incremented by
 * messages from everywhere: handlers of other sessions, three of the module's own threads, timers,
 * and members of the room. Every accepted message is counted exactly once, natively a million of
 * them. tests/abi/tallies.c does the adding. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>

enum {
    CLIENTS = 16,
    MEMBERS = 4,
    PER_PACKET = 50,
    POST = 1,
    THREADS = 2,
    JOIN = 3,
    ADD = 4,
    FIGURES = 5,
    TIMERS = 6
};

static host *h;

/* Waits until that many messages, and all that were accepted, have been counted. In the end only
 * timers still post. */
static void wait_counted(net_socket s, uint64_t wanted) {
    uint64_t end_ms = clock_now_ms() + 120000;
    uint64_t figures[2] = {0, 1};
    while (figures[0] != figures[1] || figures[0] < wanted) {
        if (clock_now_ms() > end_ms) {
            fprintf(stderr, "accepted %llu, counted %llu, wanted %llu\n",
                    (unsigned long long)figures[0], (unsigned long long)figures[1],
                    (unsigned long long)wanted);
            exit(1);
        }
        CHECK_INT(wire_ask(s, FIGURES, NULL, 0, figures, sizeof figures), sizeof figures);
        clock_sleep_ms(5);
    }
}

SCENARIO(messages_counter) {
    host_options options = {
        .name = "messages_counter",
        .workers = 5,
        .modules = "tallies",
        .listeners = {{"game", "tallies.session", NULL}},
    };
    h = host_start(&options);
    host_wait_log(h, "there is a hall", 1);
    net_socket clients[CLIENTS];
    uint32_t reply = 0;
    uint32_t by_threads = (uint32_t)scale(150000, 2000);
    uint32_t packets = (uint32_t)scale(12000, 160); /* of all clients */
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = net_connect(host_port(h, "game"));
        if (i < MEMBERS) {
            CHECK_INT(wire_ask(clients[i], JOIN, NULL, 0, &reply, sizeof reply), sizeof reply);
            CHECK_INT(reply, 0);
        }
        CHECK_INT(wire_ask(clients[i], TIMERS, NULL, 0, &reply, sizeof reply), sizeof reply);
        CHECK_INT(reply, 3);
    }
    CHECK_INT(wire_ask(clients[0], THREADS, &by_threads, sizeof by_threads, &reply, sizeof reply),
              sizeof reply);
    uint32_t count = PER_PACKET;
    for (uint32_t round = 0; round < packets / CLIENTS; round++) {
        for (int i = 0; i < CLIENTS; i++) {
            CHECK(wire_send(clients[i], WIRE_U16, POST, &count, sizeof count));
            CHECK(wire_send(clients[i], WIRE_U16, ADD, NULL, 0));
        }
        for (int i = 0; i < CLIENTS; i++) {
            CHECK_INT(wire_wait(clients[i], ADD, &reply, sizeof reply), sizeof reply);
            CHECK_INT(reply, i < MEMBERS);
        }
    }
    wait_counted(clients[0], scale(1000000, 10000)); /* timers make up for refused ones */
    for (int i = 0; i < CLIENTS; i++) {
        net_close(clients[i]);
    }
    host_wait_figure(h, "sessions", 0);
    host_interrupt(h);
    CHECK_INT(host_wait_exit(h, 60000), 0);
    char line[512];
    unsigned long long accepted = 0;
    unsigned long long summed = 0;
    host_wait_log_line(h, "accepted ", line, sizeof line);
    CHECK_INT(sscanf(strstr(line, "accepted "), "accepted %llu summed %llu", &accepted, &summed),
              2);
    printf("accepted %llu, summed %llu\n", accepted, summed);
    CHECK(accepted >= (unsigned long long)scale(1000000, 10000));
    CHECK_INT(summed, accepted);
    host_finish(h, 0);
}

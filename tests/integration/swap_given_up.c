/* swap_given_up.c: a swap that fails at its very end, when the new generation has been published
 * and turns have begun to follow it. They return to the old generation, with their states as they
 * were, and the new one is gone for good. */
#include "support/check.h"
#include "support/clock.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <string.h>

enum { PLAYERS = 16, TICKING = 8 }; /* the others belong to the guest */

/* A packet of the other module gets its turn some time from now, so that a session sees the type
 * while the new generation is published and this module no longer wakes it. */
static void send_visits(const net_socket *players) {
    for (uint32_t i = TICKING; i < PLAYERS; i++) {
        uint32_t ms = 3 * (i - TICKING);
        CHECK(wire_send(players[i], WIRE_U16, 21, &ms, sizeof ms));
        CHECK(wire_send(players[i], WIRE_U16, 20, "", 0));
    }
}

static void wait_visits(const net_socket *players, uint32_t visits) {
    for (uint32_t i = TICKING; i < PLAYERS; i++) {
        uint32_t figures[2];
        CHECK_INT(wire_wait(players[i], 20, figures, sizeof figures), sizeof figures);
        CHECK_INT(figures[1], visits);
    }
}

SCENARIO(swap_given_up) {
    host_options options = {
        .name = "swap_given_up",
        .workers = 16, /* as many as may be in a handler */
        .modules = "swapped swapped_guest",
        .listeners = {{"game", "swapped.session", NULL}},
    };
    host *h = host_start(&options);
    net_socket players[PLAYERS];
    uint32_t ticks[TICKING] = {0};
    uint32_t period_ms = 2;
    for (int i = 0; i < PLAYERS; i++) {
        players[i] = swaps_connect(h, "game", 1);
        swaps_join(players[i], "hall");
        CHECK_INT(swaps_ask(players[i], 2, (uint32_t)i).sum, i);
        if (i < TICKING) {
            CHECK(wire_send(players[i], WIRE_U16, 6, &period_ms, sizeof period_ms));
        }
    }
    int rounds = scale(30, 10);
    for (int round = 0; round < rounds; round++) {
        char answer[1024];
        send_visits(players);
        swaps_refused(h, "swapped", "swapped_start_slow", answer, sizeof answer);
        CHECK(strstr(answer, "start failed") != NULL);
        wait_visits(players, 2 * (uint32_t)round + 2);
        for (int i = 0; i < TICKING; i++) {
            uint32_t tick[2];
            CHECK_INT(wire_wait(players[i], 106, tick, sizeof tick), sizeof tick);
            CHECK_INT(tick[0], 1);
            CHECK_INT(tick[1], ++ticks[i]);
        }
    }
    for (int i = 0; i < PLAYERS; i++) {
        swaps_who who = swaps_ask(players[i], 1, 0);
        CHECK_INT(who.generation, 1);
        CHECK_INT(who.sum, i);
    }
    CHECK_INT(swaps_ask_room(players[0]).joins, PLAYERS);
    swaps_world w = swaps_ask_world(players[0]);
    CHECK_INT(w.swap_outs, rounds); /* the old generation's own, which continued after each */
    CHECK_INT(w.swap_ins, rounds);
    host_wait_figure(h, "blocking_jobs", 0);
    CHECK_INT(host_log_settled(h, "still in use"), 0);
    swaps_wait_copies(h, 3); /* the serving copy, and the file that says whose it is */
    CHECK_INT(host_figure(h, "sessions"), PLAYERS);
    for (int i = 0; i < PLAYERS; i++) {
        net_close(players[i]);
    }
    host_expect_error(h, "swapped is not swapped, generation 1 keeps serving: its start failed");
    host_stop(h);
}

/* swap_given_up.c: a swap that fails at its very end, when the new generation has been published already and turns have
 * begun to follow it: they come back to the old one, with their states as they were, and the new one goes for good. */
#include "support/check.h"
#include "support/clock.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <string.h>

enum { PLAYERS = 16 };

int main(void) {
    host_options options = {
        .name = "swap_given_up",
        .modules = "swapped",
        .listeners = {{"game", "swapped.session", NULL}},
    };
    host *h = host_start(&options);
    net_socket players[PLAYERS];
    uint32_t ticks[PLAYERS] = {0};
    uint32_t period_ms = 2;
    for (int i = 0; i < PLAYERS; i++) {
        players[i] = swaps_connect(h, "game", 1);
        swaps_join(players[i], "hall");
        CHECK_INT(swaps_ask(players[i], 2, (uint32_t)i).sum, i);
        CHECK(wire_send(players[i], WIRE_U16, 6, &period_ms, sizeof period_ms));
    }
    int rounds = scale(30, 10);
    for (int round = 0; round < rounds; round++) {
        char answer[1024];
        swaps_refused(h, "swapped", "swapped_swap_in_slow", answer, sizeof answer);
        CHECK(strstr(answer, "swap_in failed") != NULL);
        for (int i = 0; i < PLAYERS; i++) {
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
    CHECK_INT(w.swap_outs, rounds); /* the old one's own, which went on after each */
    CHECK_INT(w.swap_ins, rounds);
    host_wait_figure(h, "blocking_jobs", 0);
    CHECK_INT(swaps_copies(h), 2); /* what serves, and the file that says whose it is */
    CHECK_INT(host_figure(h, "sessions"), PLAYERS);
    for (int i = 0; i < PLAYERS; i++) {
        net_close(players[i]);
    }
    host_expect_error(h, "swapped is not swapped, generation 1 goes on serving: its swap_in failed");
    host_stop(h);
    return 0;
}

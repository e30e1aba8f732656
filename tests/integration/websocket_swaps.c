/* websocket_swaps.c: a module is swapped again and again while clients over WebSocket and over TCP
 * play in one room. Nobody is dropped, and no packet is lost, doubled or out of order. */
#include "support/check.h"
#include "support/clock.h"
#include "support/swaps.h"
#include "support/web.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { PLAYERS = 6, PACKETS = 50 };

static net_socket players[PLAYERS];
static uint32_t asked[PLAYERS];

/* Every other message is in two fragments, with a ping between. */
static void ask(int player) {
    uint8_t message[6] = {2, 0, 1};
    if (asked[player]++ % 2 == 0) {
        CHECK(web_send(players[player], WEB_BINARY, message, sizeof message));
        return;
    }
    CHECK(web_send(players[player], 2, message, 3));
    CHECK(web_send(players[player], WEB_PING, "", 0));
    CHECK(web_send(players[player], WEB_FIN, message + 3, 3));
}

static void collect(int player, uint32_t *expected, uint32_t generation) {
    swaps_who who = {0};
    for (int i = 0; i < PACKETS; i++) {
        CHECK_INT(web_wait(players[player], 2, &who, sizeof who), sizeof who);
        CHECK_INT(who.packets, ++*expected);
        CHECK_INT(who.sum, who.packets);
    }
    CHECK(who.generation == generation || who.generation == 3 - generation);
}

SCENARIO(websocket_swaps) {
    host_options options = {
        .name = "websocket_swaps",
        .modules = "swapped",
        .listeners = {{"web", "swapped.session", "transport = websocket\n"},
                      {"game", "swapped.session", NULL}},
    };
    host *h = host_start(&options);
    uint32_t seen[PLAYERS] = {0};
    uint8_t greeting[64];
    int rounds = scale(30, 6);
    net_socket plain = swaps_connect(h, "game", 1);
    for (int i = 0; i < PLAYERS; i++) {
        players[i] = web_connect(host_port(h, "web"));
        uint8_t first = 0;
        CHECK(web_recv(players[i], &first, greeting, sizeof greeting) >= 2); /* of on_open */
    }
    for (int round = 1; round <= rounds; round++) {
        uint32_t serves = round % 2 == 1 ? 2 : 1;
        for (int p = 0; p < PACKETS; p++) {
            for (int i = 0; i < PLAYERS; i++) {
                ask(i);
            }
            if (p == PACKETS / 2) {
                swaps_to(h, "swapped", serves == 2 ? "swapped_2" : "swapped", NULL, 0);
            }
        }
        for (int i = 0; i < PLAYERS; i++) {
            collect(i, &seen[i], serves);
        }
        CHECK_INT(swaps_ask(plain, 2, 1).generation, serves);
    }
    CHECK_INT(host_figure(h, "sessions"), PLAYERS + 1);
    CHECK_INT(host_figure(h, "connections_closed"), 0);
    for (int i = 0; i < PLAYERS; i++) {
        CHECK(web_send(players[i], WEB_CLOSE, "\3\350", 2));
        net_close(players[i]);
    }
    net_close(plain);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

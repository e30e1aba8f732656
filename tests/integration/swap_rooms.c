/* swap_rooms.c: a module with rooms is swapped while members join and leave. Nobody is lost on the
 * way, every join and leave is counted once, and the rooms' states pass through all generations. */
#include "support/check.h"
#include "support/clock.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <portico/status.h>

#include <string.h>

enum { MEMBERS = 12, ROOMS = 3 };

static const char *const names[ROOMS] = {"red", "green", "blue"};

typedef struct member {
    net_socket socket;
    int room; /* where it is; -1: nowhere */
} member;

static member members[MEMBERS];
static uint32_t joins[ROOMS];
static uint32_t leaves[ROOMS];

/* Sends everybody somewhere else, without waiting for an answer. */
static void send_all(uint64_t *seed) {
    for (int i = 0; i < MEMBERS; i++) {
        member *m = &members[i];
        if (m->room >= 0 && wire_random(seed) % 4 == 0) {
            CHECK(wire_send(m->socket, WIRE_U16, 9, "", 0));
            leaves[m->room]++;
            m->room = -1;
            continue;
        }
        int to = (m->room + 1 + (int)(wire_random(seed) % 2)) % ROOMS;
        if (m->room >= 0) {
            leaves[m->room]++;
        }
        joins[to]++;
        m->room = to;
        CHECK(wire_send(m->socket, WIRE_U16, 4, names[to], (uint32_t)strlen(names[to])));
    }
}

static void collect(uint32_t serves) {
    for (int i = 0; i < MEMBERS; i++) {
        int32_t status = 1;
        CHECK_INT(
            wire_wait(members[i].socket, members[i].room >= 0 ? 4 : 9, &status, sizeof status),
            sizeof status);
        CHECK_INT(status, PORTICO_OK);
        CHECK_INT(swaps_ask(members[i].socket, 2, 1).generation, serves);
    }
}

static void check_rooms(uint32_t serves) {
    for (int i = 0; i < MEMBERS; i++) {
        int at = members[i].room;
        swaps_room room = swaps_ask_room(members[i].socket);
        CHECK_INT(room.generation, serves);
        if (at >= 0) {
            CHECK_INT(room.joins, joins[at]);
            CHECK_INT(room.leaves, leaves[at]);
        }
    }
}

SCENARIO(swap_rooms) {
    host_options options = {
        .name = "swap_rooms",
        .modules = "swapped",
        .listeners = {{"game", "swapped.session", NULL}},
    };
    host *h = host_start(&options);
    uint64_t seed = 5;
    int rounds = scale(40, 10);
    for (int i = 0; i < MEMBERS; i++) {
        members[i] = (member){.socket = swaps_connect(h, "game", 1), .room = -1};
    }
    for (int round = 1; round <= rounds; round++) {
        static const char *const files[] = {"swapped", "swapped_2", "swapped_3"};
        send_all(&seed);
        swaps_to(h, "swapped", files[round % 3], NULL, 0);
        collect((uint32_t)(round % 3) + 1);
        check_rooms((uint32_t)(round % 3) + 1);
    }
    CHECK_INT(host_figure(h, "rooms"), ROOMS);
    CHECK_INT(host_figure(h, "sessions"), MEMBERS);
    CHECK_INT(swaps_ask(members[0].socket, 1, 0).sum, rounds);
    for (int i = 0; i < MEMBERS; i++) {
        net_close(members[i].socket);
    }
    host_stop(h);
}

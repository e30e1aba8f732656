/* messages_and_joins.c: messages posted before a join run as portico.h and the guide promise: one
 * to the session runs after on_join, in the room; one to the room runs before it. The same holds
 * for messages that the handler posts after session_join, and its answer comes last.
 * Messages that wait while one of them moves the session come after on_join, too, and before those
 * that are posted later. A chain of messages that each post the next is never interrupted. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { GO = 1, EVENT = 2, LATE = 3, CHAIN = 4, ROUNDS = 100, LATE_ROUNDS = 20, CHAIN_MAX = 20 };

/* Sends a packet and stores its `count` events in `events`, each followed by 'y' or 'n'. */
static void ask(net_socket s, uint16_t opcode, const char *data, size_t count, char *events) {
    CHECK(wire_send(s, WIRE_U16, opcode, data, (uint32_t)strlen(data)));
    for (size_t i = 0; i < count; i++) {
        CHECK_INT(wire_wait(s, EVENT, events + 2 * i, 2), 2);
    }
    events[2 * count] = '\0';
}

static void go(net_socket s, const char *hall, size_t count, char *events) {
    ask(s, GO, hall, count, events);
}

/* Removes from `events` what concerns the session: the hall it leaves may report 'l' among the new
 * hall's events. */
static void keep(char *events, const char *which) {
    size_t kept = 0;
    for (size_t i = 0; events[i] != '\0'; i += 2) {
        if (strchr(which, events[i]) != NULL) {
            events[kept++] = events[i];
            events[kept++] = events[i + 1];
        }
    }
    events[kept] = '\0';
}

static void expect_order(const char *events) {
    char some[64];
    snprintf(some, sizeof some, "%s", events);
    keep(some, "jabt");
    CHECK_TEXT(some, "jyaybyty");
    snprintf(some, sizeof some, "%s", events);
    keep(some, "ABj");
    CHECK_INT(some[0],
              'A'); /* whether the guest counts as in a room at that point does not matter */
    CHECK_INT(some[2], 'B');
    CHECK_INT(some[4], 'j');
}

SCENARIO(messages_and_joins) {
    char events[64];
    char hall[32];
    host_options options = {
        .name = "messages_and_joins",
        .modules = "arrives",
        .listeners = {{"game", "arrives.guest", NULL}},
    };
    host *h = host_start(&options);
    net_socket s = net_connect(host_port(h, "game"));
    go(s, "first", 6, events);
    expect_order(events);
    for (int i = 0; i < ROUNDS; i++) { /* from hall to hall: on_leave comes first */
        snprintf(hall, sizeof hall, "hall%d", i);
        go(s, hall, 7, events);
        expect_order(events);
        keep(events, "ljabt");
        CHECK_TEXT(events, "lnjyaybyty");
    }
    go(s, "x", 7, events); /* refused: its messages run outside any room */
    keep(events, "ljabt");
    CHECK_TEXT(events, "lnjyanbntn");
    for (int i = 0; i < LATE_ROUNDS; i++) {
        snprintf(hall, sizeof hall, "late%d", i);
        ask(s, LATE, hall, i == 0 ? 6 : 7, events);
        CHECK_TEXT(events, i == 0 ? "pnjyqyrysyty" : "pylnjyqyrysyty");
    }
    for (int length = 1; length <= CHAIN_MAX; length++) {
        const char data[2] = {(char)length, '\0'};
        ask(s, CHAIN, data, 1, events);
        CHECK_TEXT(events, "cy");
    }
    net_close(s);
    host_stop(h);
}

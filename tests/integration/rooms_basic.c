/* rooms_basic.c: creates, finds, joins, leaves, moves between, refuses, fills and closes rooms.
 * on_open, on_join, on_leave and on_close run once each and in order; a member's packets see the
 * room's state, others' do not. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <portico/status.h>

#include <string.h>

enum { CREATE = 1, JOIN = 2, LEAVE = 3, CLOSE = 4, EXISTS = 5, WHERE = 6 };

typedef struct where {
    uint32_t in_room;
    uint32_t has_state;
    uint32_t members;
    uint32_t listed;
} where;

static host *h;

static net_socket come(void) {
    return net_connect(host_port(h, "game"));
}

static where ask_where(net_socket s) {
    where w = {0};
    CHECK_INT(wire_ask(s, WHERE, NULL, 0, &w, sizeof w), sizeof w);
    CHECK_INT(w.has_state, w.in_room);
    CHECK_INT(w.members, w.listed);
    return w;
}

static void expect_alone_outside(net_socket s) {
    CHECK_INT(ask_where(s).in_room, 0);
}

static void wait_members(net_socket s, uint32_t members) {
    uint64_t end_ms = clock_now_ms() + 10000;
    while (ask_where(s).members != members) {
        CHECK(clock_now_ms() < end_ms);
    }
}

static void names(net_socket s) {
    CHECK_INT(wire_ask_status(s, EXISTS, "pnorth"), PORTICO_E_NOT_FOUND);
    CHECK_INT(wire_ask_status(s, JOIN, "pnorth"), PORTICO_E_NOT_FOUND);
    CHECK_INT(wire_ask_status(s, CREATE, "pnorth"), PORTICO_OK);
    CHECK_INT(wire_ask_status(s, CREATE, "pnorth"), PORTICO_E_EXISTS);
    CHECK_INT(wire_ask_status(s, EXISTS, "pnorth"), PORTICO_OK);
    CHECK_INT(wire_ask_status(s, EXISTS, "snorth"),
              PORTICO_E_NOT_FOUND); /* each type has its own names */
    CHECK_INT(wire_ask_status(s, CREATE, "p"), PORTICO_E_INVALID);
    CHECK_INT(wire_ask_status(s, CREATE, "pa\nb"), PORTICO_E_INVALID);
    CHECK_INT(host_figure(h, "rooms"), 1);
}

/* The packet directly after the join already runs in the room. */
static void join_and_leave(net_socket a, net_socket b) {
    CHECK_INT(wire_ask_status(a, LEAVE, ""), PORTICO_E_NOT_FOUND);
    expect_alone_outside(a);
    CHECK_INT(wire_ask_status(a, JOIN, "pnorth"), PORTICO_OK);
    CHECK_INT(ask_where(a).members, 1);
    CHECK_INT(wire_ask_status(a, JOIN, "pnorth"), PORTICO_E_EXISTS);
    CHECK_INT(wire_ask_status(b, JOIN, "pnorth"), PORTICO_OK);
    CHECK_INT(ask_where(b).members, 2);
    CHECK_INT(wire_ask_status(a, LEAVE, ""), PORTICO_OK);
    expect_alone_outside(a);
    CHECK_INT(ask_where(b).members, 1);
}

static void move(net_socket a, net_socket b) {
    CHECK_INT(wire_ask_status(b, CREATE, "psouth"), PORTICO_OK);
    CHECK_INT(wire_ask_status(b, JOIN, "psouth"), PORTICO_OK);
    CHECK_INT(ask_where(b).members, 1);
    CHECK_INT(wire_ask_status(a, JOIN, "pnorth"), PORTICO_OK);
    CHECK_INT(ask_where(a).members, 1); /* b has left it */
    for (int i = 0; i < 20; i++) {
        CHECK_INT(wire_ask_status(a, JOIN, i % 2 == 0 ? "psouth" : "pnorth"), PORTICO_OK);
        CHECK_INT(ask_where(a).members, i % 2 == 0 ? 2 : 1);
    }
    CHECK_INT(wire_ask_status(a, LEAVE, ""), PORTICO_OK);
    expect_alone_outside(a);
}

static void refusals(net_socket *s) {
    CHECK_INT(wire_ask_status(s[0], CREATE, "rnever"), PORTICO_OK);
    CHECK_INT(wire_ask_status(s[0], JOIN, "rnever"), PORTICO_OK); /* still on its way */
    expect_alone_outside(s[0]);
    CHECK_INT(wire_ask_status(s[0], CLOSE, "rnever"), PORTICO_OK);
    CHECK_INT(wire_ask_status(s[0], CREATE, "sthree"), PORTICO_OK);
    for (int i = 0; i < 4; i++) {
        CHECK_INT(wire_ask_status(s[i], JOIN, "sthree"), PORTICO_OK);
        CHECK_INT(ask_where(s[i]).in_room, i < 3);
    }
    net_close(s[0]); /* a leaving member makes room */
    wait_members(s[1], 2);
    CHECK_INT(wire_ask_status(s[3], JOIN, "sthree"), PORTICO_OK);
    CHECK_INT(ask_where(s[3]).members, 3);
}

static void close_room(net_socket *s) {
    CHECK_INT(wire_ask_status(s[3], CLOSE, "sthree"), PORTICO_OK); /* from inside the room */
    CHECK_INT(wire_ask_status(s[3], EXISTS, "sthree"), PORTICO_E_NOT_FOUND);
    CHECK_INT(wire_ask_status(s[3], CLOSE, "sthree"), PORTICO_E_NOT_FOUND);
    for (int i = 1; i < 4; i++) {
        uint64_t end_ms = clock_now_ms() + 10000;
        while (ask_where(s[i]).in_room != 0) {
            CHECK(clock_now_ms() < end_ms);
        }
    }
}

SCENARIO(rooms_basic) {
    host_options options = {
        .name = "rooms_basic",
        .modules = "rooms",
        .listeners = {{"game", "rooms.session", NULL}},
    };
    h = host_start(&options);
    net_socket a = come();
    net_socket b = come();
    names(a);
    join_and_leave(a, b);
    move(a, b);
    net_socket s[4] = {come(), come(), come(), come()};
    refusals(s);
    close_room(s);
    CHECK_INT(wire_ask_status(a, CREATE, "plast"),
              PORTICO_OK); /* for the log: a life from start to end */
    CHECK_INT(wire_ask_status(a, JOIN, "plast"), PORTICO_OK);
    CHECK_INT(ask_where(a).members, 1);
    CHECK_INT(wire_ask_status(a, CLOSE, "plast"), PORTICO_OK);
    host_wait_log(h, "room: o j x c reason ", 1);
    CHECK_INT(wire_ask_status(a, CLOSE, "pnorth"), PORTICO_OK);
    CHECK_INT(wire_ask_status(a, CLOSE, "psouth"), PORTICO_OK);
    host_wait_figure(h, "rooms", 0);
    for (int i = 1; i < 4; i++) {
        net_close(s[i]);
    }
    net_close(a);
    net_close(b);
    host_wait_figure(h, "sessions", 0);
    host_admin(h, "unload rooms", NULL, 0);
    host_wait_log(h, "rooms 5/5 members 29/29 sessions 6/6 wrong 0", 1);
    host_stop(h);
}

/* rooms_told.c: for each call, session_join reports once what became of it: arrived, refused,
 * full, closed before the arrival or long ago, overtaken. room_info describes a room. on_leave
 * distinguishes a closing room from a closing session. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <portico/portico.h>

#include <string.h>

enum { CREATE = 1, LEAVE = 3, CLOSE = 4, WHERE = 6, LEAVE_ME = 10 };
enum { TELL = 11, INFO = 12, DETOUR = 13, GO_BACK = 14, TOO_LATE = 15, TOLD = 111 };

static host *h;

static net_socket come(void) {
    return net_connect(host_port(h, "game"));
}

/* The next message of session_join has that status, and the session is then in the room or
 * not. */
static void expect_told(net_socket s, portico_status status) {
    int32_t words[2] = {1, 1};
    CHECK_INT(wire_wait(s, TOLD, words, sizeof words), sizeof words);
    CHECK_INT(words[0], status);
    CHECK_INT(words[1], status == PORTICO_OK);
}

/* No message is pending: the answer to a later packet comes first. */
static void expect_nothing_told(net_socket s) {
    uint16_t opcode = 0;
    uint8_t bytes[512];
    CHECK(wire_send(s, WIRE_U16, INFO, NULL, 0));
    CHECK(wire_recv(s, WIRE_U16, &opcode, bytes, sizeof bytes) >= 0);
    CHECK_INT(opcode, INFO);
}

static void tell(net_socket s, const char *room, portico_status status) {
    CHECK_INT(wire_ask_status(s, TELL, room), PORTICO_OK);
    expect_told(s, status);
    expect_nothing_told(s);
}

static void arrivals(net_socket a) {
    tell(a, "pnorth", PORTICO_OK);
    CHECK_INT(wire_ask_status(a, TELL, "pnorth"), PORTICO_E_EXISTS);
    expect_nothing_told(a);
    tell(a, "psouth", PORTICO_OK);
    tell(a, "rnever", PORTICO_E_INVALID); /* as its on_join says */
    CHECK_INT(wire_ask_status(a, LEAVE, ""), PORTICO_E_NOT_FOUND);
    tell(a, "pwhere", PORTICO_E_ROOM_CLOSED); /* there never was such a room */
    expect_nothing_told(a);
}

/* Packets that arrive together with the request to move: the arrival's message comes before them,
 * and they run in the room. */
static void behind_the_wish(net_socket a, const char *room) {
    uint8_t frames[64];
    uint16_t opcode = 0;
    int32_t words[4] = {0};
    size_t size = wire_frame(WIRE_U16, frames, TELL, room, (uint32_t)strlen(room));
    size += wire_frame(WIRE_U16, frames + size, WHERE, NULL, 0);
    CHECK(net_send_all(a, frames, size));
    CHECK_INT(wire_recv(a, WIRE_U16, &opcode, words, sizeof words), sizeof words[0]);
    CHECK_INT(opcode, TELL);
    CHECK_INT(words[0], PORTICO_OK);
    CHECK_INT(wire_recv(a, WIRE_U16, &opcode, words, sizeof words), 2 * sizeof words[0]);
    CHECK_INT(opcode, TOLD);
    CHECK_INT(words[0], PORTICO_OK);
    CHECK_INT(wire_recv(a, WIRE_U16, &opcode, words, sizeof words), sizeof words);
    CHECK_INT(opcode, WHERE);
    CHECK_INT(words[0], 1); /* in a room, alone with its state */
    CHECK_INT(words[1], 1);
    CHECK_INT(words[2], 1);
}

static void full(net_socket *s) {
    for (int i = 0; i < 4; i++) {
        tell(s[i], "sthree", i < 3 ? PORTICO_OK : PORTICO_E_LIMIT);
    }
}

/* Overtaken in the same handler: the second move counts, and each call gets its message. */
static void overtaken(net_socket a) {
    int32_t status = 1;
    CHECK_INT(wire_ask(a, DETOUR, "psouth\0north\0", 13, &status, sizeof status), sizeof status);
    CHECK_INT(status, PORTICO_OK);
    expect_told(a, PORTICO_E_CANCELLED);
    expect_told(a, PORTICO_OK);
    expect_nothing_told(a);
    CHECK_INT(wire_ask(a, GO_BACK, "psouth", 6, &status, sizeof status), sizeof status);
    CHECK_INT(status, PORTICO_OK);
    expect_told(a, PORTICO_E_CANCELLED);
    expect_told(a, PORTICO_OK); /* it is in the room that it never left */
    expect_nothing_told(a);
}

/* Sent away and back by the on_join that then refuses it: the second call has an on_join of its
 * own, whose status it gets. */
static void sent_back(net_socket a) {
    CHECK_INT(wire_ask_status(a, CREATE, "ragain"), PORTICO_OK);
    CHECK_INT(wire_ask_status(a, TELL, "ragain"), PORTICO_OK);
    expect_told(a, PORTICO_E_CANCELLED);
    expect_told(a, PORTICO_E_STATE);
    expect_nothing_told(a);
}

static void closed_on_the_way(net_socket a) {
    CHECK_INT(wire_ask_status(a, CREATE, "pshort"), PORTICO_OK);
    CHECK_INT(wire_ask_status(a, TOO_LATE, "pshort"), PORTICO_OK);
    expect_told(a, PORTICO_E_ROOM_CLOSED);
    expect_nothing_told(a);
    CHECK_INT(wire_ask_status(a, LEAVE, ""), PORTICO_E_NOT_FOUND);
}

static void infos(net_socket a, net_socket b) {
    portico_room_info info;
    tell(a, "sinfo", PORTICO_OK);
    tell(b, "sinfo", PORTICO_OK);
    CHECK_INT(wire_ask(a, INFO, NULL, 0, &info, sizeof info), sizeof info);
    CHECK_INT(info.struct_size, sizeof info);
    CHECK_INT(info.members, 2);
    CHECK_INT(info.max_members, 3);
    CHECK_INT(info.closing, 0);
    CHECK_TEXT(info.type, "rooms.small");
    CHECK_TEXT(info.name, "info");
    CHECK(info.opened_ms > 0);
    CHECK_INT(wire_ask_status(b, LEAVE, ""), PORTICO_OK);
    CHECK_INT(wire_ask(b, INFO, NULL, 0, &info, sizeof info), 0); /* in no room */
    CHECK_INT(wire_ask(a, INFO, NULL, 0, &info, sizeof info), sizeof info);
    CHECK_INT(info.members, 1);
}

/* One leaves, one closes itself, one is evicted by the room's end: three reasons in the room's log
 * line. */
static void reasons(net_socket a) {
    net_socket b = come();
    net_socket c = come();
    CHECK_INT(wire_ask_status(a, CREATE, "preasons"), PORTICO_OK);
    tell(a, "preasons", PORTICO_OK);
    tell(b, "preasons", PORTICO_OK);
    tell(c, "preasons", PORTICO_OK);
    CHECK_INT(wire_ask_status(b, LEAVE, ""), PORTICO_OK);
    tell(b, "pnorth", PORTICO_OK);
    CHECK(wire_send(c, WIRE_U16, LEAVE_ME, NULL, 0));
    CHECK(net_wait_end(c, 10000));
    CHECK_INT(wire_ask_status(a, CLOSE, "preasons"), PORTICO_OK);
    host_wait_log(h, "room: o j j j l e x c reason -25", 1);
    net_close(b);
    net_close(c);
}

SCENARIO(rooms_told) {
    host_options options = {
        .name = "rooms_told",
        .modules = "rooms",
        .listeners = {{"game", "rooms.session", NULL}},
    };
    h = host_start(&options);
    net_socket s[4] = {come(), come(), come(), come()};
    static const char *const names[] = {"pnorth", "psouth", "rnever", "sthree", "sinfo"};
    for (int i = 0; i < 5; i++) {
        CHECK_INT(wire_ask_status(s[0], CREATE, names[i]), PORTICO_OK);
    }
    arrivals(s[0]);
    for (int i = 0; i < 20; i++) {
        behind_the_wish(s[0], i % 2 == 0 ? "pnorth" : "psouth");
    }
    full(s);
    overtaken(s[0]);
    sent_back(s[0]);
    closed_on_the_way(s[0]);
    infos(s[0], s[1]);
    reasons(s[0]);
    for (int i = 0; i < 4; i++) {
        net_close(s[i]);
    }
    host_wait_figure(h, "sessions", 0);
    host_admin(h, "unload rooms", NULL, 0);
    host_wait_log(h, " wrong 0", 1);
    host_stop(h);
}

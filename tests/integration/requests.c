/* requests.c: sessions, rooms and modules ask each other. Each request has one answer: the reply,
 * or why there is none: no handler, too late, the end of whoever was asked. A swap in between
 * changes nothing. */
#include "support/check.h"
#include "support/clock.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <portico/status.h>

#include <stdio.h>
#include <string.h>

enum { NAME = 1, ASK = 2, ENTER = 3, END = 4, JOB = 5, FLOOD = 6, ANSWER = 102 };
enum { LONG_MS = 60000, SHORT_MS = 50 };

typedef struct heard {
    int32_t status;
    uint32_t right;
    char text[32];
} heard;

static host *h;

static int32_t ask_for(net_socket s, const char *letters, const char *name, uint32_t timeout_ms) {
    char packet[64];
    int32_t status = 1;
    memcpy(packet, &timeout_ms, 4);
    int size = snprintf(packet + 4, sizeof packet - 4, "%s-%s", letters, name);
    CHECK_INT(wire_ask(s, ASK, packet, 4 + (uint32_t)size, &status, sizeof status), sizeof status);
    return status;
}

static void ask(net_socket s, const char *letters, const char *name, uint32_t timeout_ms) {
    CHECK_INT(ask_for(s, letters, name, timeout_ms), PORTICO_OK);
}

static heard hear(net_socket s, int32_t status) {
    heard a = {.status = 1};
    CHECK_INT(wire_wait(s, ANSWER, &a, sizeof a), sizeof a);
    CHECK_INT(a.status, status);
    CHECK_INT(a.right, 1);
    return a;
}

static void expect(net_socket s, int32_t status, const char *text) {
    heard a = hear(s, status);
    CHECK_TEXT(a.text, text);
}

/* Everybody asks everybody. */
static void check_all(net_socket s) {
    static const char *const asked[] = {"sother", "rplace", "masks", "moracle"};
    for (const char *who = "srm"; *who != '\0'; who++) {
        for (int i = 0; i < 4; i++) {
            const char *name = asked[i] + 1;
            ask(s, (char[]){*who, asked[i][0], 'n', 0}, name, LONG_MS);
            expect(s, PORTICO_OK, "now 1");
            ask(s, (char[]){*who, asked[i][0], 't', 0}, name, LONG_MS);
            expect(s, PORTICO_OK, "now 1");
            ask(s, (char[]){*who, asked[i][0], 'l', 0}, name, LONG_MS);
            expect(s, PORTICO_OK, "later 1");
            ask(s, (char[]){*who, asked[i][0], 'u', 0}, name, LONG_MS);
            expect(s, PORTICO_E_NOT_FOUND, "");
            ask(s, (char[]){*who, asked[i][0], 'x', 0}, name, SHORT_MS);
            expect(s, PORTICO_E_TIMEOUT, "");
        }
    }
}

/* It replies after the timeout: the asker has had its answer, and the reply fails. */
static void check_late(net_socket s) {
    ask(s, "sml", "oracle", SHORT_MS);
    expect(s, PORTICO_E_TIMEOUT, "");
    host_wait_log(h, "the late reply: -3", 1);
}

static net_socket come(const char *name) {
    net_socket s = net_connect(host_port(h, "game"));
    CHECK_INT(wire_ask_status(s, NAME, name), PORTICO_OK);
    return s;
}

/* Whoever was asked ends: by itself, from outside, or before it has handled the request. */
static void check_ends(net_socket s) {
    net_socket short_lived = come("short");
    ask(s, "sse", "short", LONG_MS);
    expect(s, PORTICO_E_GONE, "");
    net_close(short_lived);
    net_socket dropped = come("dropped");
    ask(s, "msx", "dropped", LONG_MS);
    net_close(dropped);
    expect(s, PORTICO_E_GONE, "");
    CHECK_INT(ask_for(s, "ssn", "dropped", LONG_MS), PORTICO_E_GONE);
    net_socket member = come("member");
    CHECK_INT(wire_ask_status(member, ENTER, "brief"), PORTICO_OK);
    ask(s, "rre", "brief", LONG_MS);
    expect(s, PORTICO_E_GONE, "");
    CHECK_INT(wire_ask_status(member, ENTER, "other brief"), PORTICO_OK);
    ask(s, "srx", "other brief", LONG_MS);
    CHECK_INT(wire_ask_status(s, END, "other brief"), PORTICO_OK);
    expect(s, PORTICO_E_GONE, "");
    net_close(member);
}

/* The asker ends: the reply that comes then fails. */
static void check_asker_ends(void) {
    net_socket s = come("asker");
    ask(s, "sml", "oracle", LONG_MS);
    net_close(s);
    host_wait_log(h, "the late reply: -3", 2);
}

/* On a busy machine the old code may reply before it is swapped: then it tries again. */
static void check_swap(net_socket s) {
    enum { TRIES = 20 };
    heard a = {0};
    ask(s, "mmx", "oracle", LONG_MS); /* is not forgotten either, see check_unload */
    for (int i = 0; i < TRIES && strcmp(a.text, "later 2") != 0; i++) {
        if (i > 0) {
            swaps_to(h, "oracle", "oracle", NULL, 0);
        }
        ask(s, "sml", "oracle", LONG_MS);
        swaps_to(h, "oracle", "oracle_2", NULL, 0);
        a = hear(s, PORTICO_OK);
    }
    CHECK_TEXT(a.text, "later 2");
    ask(s, "rmn", "oracle", LONG_MS);
    expect(s, PORTICO_OK, "now 2");
}

/* The reply arrives although no other message would. */
static void check_flood(net_socket s) {
    int32_t status = 1;
    CHECK(wire_send(s, WIRE_U16, FLOOD, NULL, 0));
    CHECK_INT(wire_wait(s, ASK, &status, sizeof status), sizeof status);
    CHECK_INT(status, PORTICO_OK);
    expect(s, PORTICO_OK, "now 1");
}

static void check_unload(net_socket s) {
    host_admin(h, "unload oracle", NULL, 0);
    expect(s, PORTICO_E_GONE, "");
    CHECK_INT(ask_for(s, "mmn", "oracle", LONG_MS), PORTICO_E_GONE);
}

SCENARIO(requests) {
    host_options options = {
        .name = "requests",
        .modules = "oracle asks",
        .listeners = {{"game", "asks.session", NULL}},
    };
    h = host_start(&options);
    host_wait_log(h, "start was answered: 0", 1);
    net_socket s = come("self");
    net_socket other = come("other");
    int32_t status = 1;
    CHECK_INT(wire_ask(s, JOB, NULL, 0, &status, sizeof status), sizeof status);
    CHECK_INT(status, PORTICO_E_STATE);
    CHECK_INT(wire_ask_status(s, ENTER, "place"), PORTICO_OK);
    host_wait_log(h, "join was answered: 0", 1);
    check_all(s);
    check_flood(s);
    check_late(s);
    check_ends(s);
    check_asker_ends();
    check_swap(s);
    check_unload(s);
    ask(s, "ssx", "other", LONG_MS); /* without an answer when the host stops */
    ask(s, "rmx", "asks", LONG_MS);
    host_stop(h);
    net_close(s);
    net_close(other);
}

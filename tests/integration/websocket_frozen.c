/* websocket_frozen.c: while a module is frozen, the host answers the pings of the sessions that
 * wait for it: in a handler, in a room, and before they are opened, with and without TLS. What they
 * send besides is neither lost nor handled before its turn. */
#include "support/check.h"
#include "support/faults.h"
#include "support/peer.h"
#include "support/swaps.h"
#include "support/tls_keys.h"

#include <portico/status.h>

#include <string.h>

enum { FIXED = 9, PINGS = 3, CROWD = 4000, HALF = 7 };

static host *h;

/* A client of one of the listeners. */
typedef struct player {
    peer peer;
    uint32_t sent; /* numbers to be echoed, and received */
    uint32_t received;
} player;

static player enter(bool tls) {
    return (player){.peer = peer_open(host_port(h, tls ? "sealed" : "web"), tls)};
}

static void expect_hello(const player *p, uint32_t generation) {
    uint32_t opened_by = 0;
    peer_expect_packet(&p->peer, FAULTY_HELLO, &opened_by, sizeof opened_by);
    CHECK_INT(opened_by, generation);
}

static void ask_echo(player *p) {
    peer_send_packet(&p->peer, FAULTY_ECHO, &p->sent, sizeof p->sent);
    p->sent++;
}

static void expect_echoes(player *p) {
    while (p->received < p->sent) {
        faulty_echo echo;
        peer_expect_packet(&p->peer, FAULTY_ECHO, &echo, sizeof echo);
        CHECK_INT(echo.number, p->received);
        p->received++;
    }
}

static void expect_pongs(const player *p) {
    for (uint32_t i = 0; i < PINGS; i++) {
        peer_send_ping(&p->peer, i);
        peer_expect_pong(&p->peer, i);
    }
}

static void join(const player *p) {
    int32_t status = -1;
    peer_send_packet(&p->peer, FAULTY_JOIN, "hall", 4);
    peer_expect_packet(&p->peer, FAULTY_JOIN, &status, sizeof status);
    CHECK_INT(status, PORTICO_OK);
}

/* Everybody waits, with a packet before and after the pings. A frame that is half sent does not
 * hold up the session, and one peer ends the connection. */
static void wait_frozen(player *players, size_t count) {
    uint8_t frame[64];
    for (size_t i = 0; i < count; i++) {
        expect_pongs(&players[i]);
        ask_echo(&players[i]);
        expect_pongs(&players[i]);
        ask_echo(&players[i]);
    }
    size_t size = web_packet_frame(frame, FAULTY_ECHO, &players[0].sent, sizeof players[0].sent);
    peer_send(&players[0].peer, frame, HALF);
    expect_pongs(&players[1]);
    peer_send(&players[0].peer, frame + HALF, size - HALF);
    players[0].sent++;
    expect_pongs(&players[0]);
}

/* More than the host receives while it waits. */
static void send_crowd(player *p) {
    for (int i = 0; i < CROWD; i++) {
        ask_echo(p);
    }
}

/* The close frame from before is answered now. */
static void expect_end(const player *p) {
    uint8_t first = 0;
    uint8_t payload[125];
    CHECK_INT(peer_recv_frame(&p->peer, &first, payload), 2);
    CHECK_INT(first, WEB_CLOSE);
    CHECK_INT(payload[0] << 8 | payload[1], 1000);
}

static void begin(const char *name) {
    tls_write_pair(name, TLS_KEY_A);
    host_options options = {
        .name = name,
        .workers = 2,
        .modules = "",
        .module_keys = "probation_s = 3600\n",
        .listeners = {{"web", "faulty.session", "transport = websocket\n"},
                      {"sealed", "faulty.session",
                       "transport = websocket\ntls = yes\ncertificate = c.pem\nkey = k.pem\n"}},
        .body = "[module faulty]\nfile = {tests}/faulty{so}\nplan = {dir}/plan.txt\n",
    };
    h = host_start(&options);
    host_expect_error(h, "faulty");
}

static void check(bool tls) {
    enum { PARKED = 3, ALL = 5 };
    const uint32_t kind = FAULTY_NULL_WRITE;
    player players[ALL];
    begin(tls ? "websocket_frozen_tls" : "websocket_frozen");
    for (size_t i = 0; i < PARKED; i++) {
        players[i] = enter(tls);
        expect_hello(&players[i], 1);
    }
    join(&players[1]);
    peer_send_packet(&players[0].peer, FAULTY_FAULT, &kind, sizeof kind);
    host_wait_log(h, "the module waits for its next build or ctl thaw", 1);
    for (size_t i = PARKED; i < ALL; i++) {
        players[i] = enter(tls);
    }
    wait_frozen(players, ALL);
    send_crowd(&players[2]);
    peer_send_frame(&players[4].peer, WEB_CLOSE, "\x03\xE8", 2);
    expect_pongs(&players[3]);
    swaps_to(h, "faulty", "faulty_fixed", NULL, 0);
    for (size_t i = 0; i < ALL; i++) {
        if (i >= PARKED) {
            expect_hello(&players[i], FIXED);
        }
        expect_echoes(&players[i]);
    }
    for (size_t i = 0; i + 1 < ALL; i++) {
        expect_pongs(&players[i]);
        ask_echo(&players[i]);
        expect_echoes(&players[i]);
    }
    expect_end(&players[4]);
    for (size_t i = 0; i < ALL; i++) {
        peer_close(&players[i].peer);
    }
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

SCENARIO(websocket_frozen) {
    check(false);
    check(true);
}

/* websocket_frozen.c: while a module is frozen, the host answers the pings of the sessions that
 * wait for it: in a handler, in a room, and before they are opened, with and without TLS. What they
 * send besides is neither lost nor handled before its turn. */
#include "support/check.h"
#include "support/faults.h"
#include "support/swaps.h"
#include "support/tls_keys.h"
#include "support/web_tls.h"

#include <portico/status.h>

#include <stdio.h>
#include <string.h>

enum { FIXED = 9, PINGS = 3, CROWD = 4000, HALF = 7 };

static host *h;

/* A client of one of the listeners. */
typedef struct peer {
    net_socket plain;
    tls_client *tls; /* NULL: it has none */
    web_stream web;  /* over one of them */
    uint32_t sent;   /* numbers to be echoed, and received */
    uint32_t received;
} peer;

static void send_bytes(const peer *p, const void *bytes, size_t size) {
    CHECK(p->web.send(p->web.connection, bytes, size));
}

static peer upgrade(bool tls) {
    peer p = {.plain = NET_NONE};
    const tls_options options = {.port = host_port(h, tls ? "sealed" : "web")};
    if (tls) {
        p.tls = tls_connect(&options);
        p.web = web_stream_of_tls(p.tls);
    } else {
        p.plain = net_connect(options.port);
        p.web = web_stream_of(p.plain);
    }
    web_stream_upgrade(&p.web, "/", "");
    return p;
}

static void leave(peer *p) {
    if (p->tls != NULL) {
        tls_close(p->tls);
    } else {
        net_close(p->plain);
    }
}

static void send_frame(const peer *p, uint8_t first, const void *payload, size_t size) {
    CHECK(web_stream_send(&p->web, first, payload, size));
}

static void send_packet(const peer *p, uint16_t opcode, const void *payload, size_t size) {
    CHECK(web_stream_send_packet(&p->web, opcode, payload, size));
}

/* The next frame that is no ping of the host. Returns the size of its payload. */
static int64_t recv_frame(const peer *p, uint8_t *first, uint8_t payload[125]) {
    int64_t size = 0;
    do {
        size = web_stream_recv(&p->web, first, payload, 125);
    } while (size >= 0 && *first == WEB_PING);
    return size;
}

/* The payload of the next packet, which must have that opcode. */
static void expect_packet(const peer *p, uint16_t opcode, void *payload, size_t size) {
    uint8_t first = 0;
    uint8_t message[125];
    CHECK_INT(recv_frame(p, &first, message), size + 2);
    CHECK_INT(first, WEB_BINARY);
    CHECK_INT(message[0] | message[1] << 8, opcode);
    memcpy(payload, message + 2, size);
}

static void expect_hello(const peer *p, uint32_t generation) {
    uint32_t opened_by = 0;
    expect_packet(p, FAULTY_HELLO, &opened_by, sizeof opened_by);
    CHECK_INT(opened_by, generation);
}

static void ask_echo(peer *p) {
    send_packet(p, FAULTY_ECHO, &p->sent, sizeof p->sent);
    p->sent++;
}

static void expect_echoes(peer *p) {
    while (p->received < p->sent) {
        faulty_echo echo;
        expect_packet(p, FAULTY_ECHO, &echo, sizeof echo);
        CHECK_INT(echo.number, p->received);
        p->received++;
    }
}

static void expect_pongs(const peer *p) {
    for (uint32_t i = 0; i < PINGS; i++) {
        uint8_t first = 0;
        uint8_t payload[125];
        uint32_t echoed = 0;
        send_frame(p, WEB_PING, &i, sizeof i);
        CHECK_INT(recv_frame(p, &first, payload), sizeof i);
        CHECK_INT(first, WEB_PONG);
        memcpy(&echoed, payload, sizeof echoed);
        CHECK_INT(echoed, i);
    }
}

static void join(const peer *p) {
    int32_t status = -1;
    send_packet(p, FAULTY_JOIN, "hall", 4);
    expect_packet(p, FAULTY_JOIN, &status, sizeof status);
    CHECK_INT(status, PORTICO_OK);
}

/* Everybody waits, with a packet before and after the pings. A frame that is half sent does not
 * hold up the session, and one peer ends the connection. */
static void wait_frozen(peer *peers, size_t count) {
    uint8_t frame[64];
    for (size_t i = 0; i < count; i++) {
        expect_pongs(&peers[i]);
        ask_echo(&peers[i]);
        expect_pongs(&peers[i]);
        ask_echo(&peers[i]);
    }
    size_t size = web_packet_frame(frame, FAULTY_ECHO, &peers[0].sent, sizeof peers[0].sent);
    send_bytes(&peers[0], frame, HALF);
    expect_pongs(&peers[1]);
    send_bytes(&peers[0], frame + HALF, size - HALF);
    peers[0].sent++;
    expect_pongs(&peers[0]);
}

/* More than the host receives while it waits. */
static void send_crowd(peer *p) {
    for (int i = 0; i < CROWD; i++) {
        ask_echo(p);
    }
}

/* The close frame from before is answered now. */
static void expect_end(const peer *p) {
    uint8_t first = 0;
    uint8_t payload[125];
    CHECK_INT(recv_frame(p, &first, payload), 2);
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
    peer peers[ALL];
    begin(tls ? "websocket_frozen_tls" : "websocket_frozen");
    for (size_t i = 0; i < PARKED; i++) {
        peers[i] = upgrade(tls);
        expect_hello(&peers[i], 1);
    }
    join(&peers[1]);
    send_packet(&peers[0], FAULTY_FAULT, &kind, sizeof kind);
    host_wait_log(h, "the module waits for its next build or ctl thaw", 1);
    for (size_t i = PARKED; i < ALL; i++) {
        peers[i] = upgrade(tls);
    }
    wait_frozen(peers, ALL);
    send_crowd(&peers[2]);
    send_frame(&peers[4], WEB_CLOSE, "\x03\xE8", 2);
    expect_pongs(&peers[3]);
    swaps_to(h, "faulty", "faulty_fixed", NULL, 0);
    for (size_t i = 0; i < ALL; i++) {
        if (i >= PARKED) {
            expect_hello(&peers[i], FIXED);
        }
        expect_echoes(&peers[i]);
    }
    for (size_t i = 0; i + 1 < ALL; i++) {
        expect_pongs(&peers[i]);
        ask_echo(&peers[i]);
        expect_echoes(&peers[i]);
    }
    expect_end(&peers[4]);
    for (size_t i = 0; i < ALL; i++) {
        leave(&peers[i]);
    }
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

SCENARIO(websocket_frozen) {
    check(false);
    check(true);
}

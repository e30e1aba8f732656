/* attackers_web.c: how clients attack a listener of WebSocket. See attacker.h.
 *
 * They do not wait for the answer to their request: it is sent by the first act of a connection. */
#include "support/attacker.h"

#include "abi/faulty.h"
#include "support/web.h"

#include <stdio.h>
#include <string.h>

enum { REQUEST_MAX = 512, PIECE = 500 };

static bool request(const client *c) {
    char bytes[REQUEST_MAX];
    return attacker_send(c, bytes, web_request("/", "", bytes, sizeof bytes));
}

static bool send_frame(const client *c, uint8_t first, const void *payload, size_t size) {
    uint8_t bytes[PIECE + 14];
    return attacker_send(c, bytes, web_frame(bytes, first, payload, size));
}

bool act_web_half(attackers *a, client *c) {
    char bytes[REQUEST_MAX];
    size_t size = web_request("/", "", bytes, sizeof bytes);
    bool sends = (c - a->clients) % 2 != 0 && c->acts == 0;
    return (!sends || attacker_send(c, bytes, size - 1 - c->turn % (size - 1))) &&
           attacker_read_all(c);
}

bool act_web_slow(attackers *a, client *c) {
    char bytes[REQUEST_MAX];
    size_t size = web_request("/", "", bytes, sizeof bytes);
    (void)a;
    return attacker_send(c, bytes + c->acts % size, 1) && attacker_read_all(c);
}

/* A head that never ends: in its path, in one header, in many. Each act sends more of it. */
bool act_web_giant(attackers *a, client *c) {
    static const char *const starts[] = {
        "GET /", "GET / HTTP/1.1\r\nHost: a\r\nX: ", "GET / HTTP/1.1\r\nHost: a\r\n"};
    static const char *const pieces[] = {"aaaaaaaaaa", "bbbbbbbbbb", "C: d\r\nE: f\r\n"};
    char more[PIECE];
    size_t used = 0;
    uint32_t kind = c->turn % 3;
    (void)a;
    if (c->acts == 0 && !attacker_send(c, starts[kind], strlen(starts[kind]))) {
        return false;
    }
    while (used + strlen(pieces[kind]) <= sizeof more) {
        memcpy(more + used, pieces[kind], strlen(pieces[kind]));
        used += strlen(pieces[kind]);
    }
    return attacker_send(c, more, used) && attacker_read_all(c);
}

bool act_web_smuggle(attackers *a, client *c) {
    static const char *const hidden[] = {"Content-Length: 30\r\n",
                                         "Transfer-Encoding: chunked\r\n",
                                         "Content-Length: 0\r\nContent-Length: 30\r\n",
                                         "X: a\nTransfer-Encoding: chunked\r\n",
                                         "X: a\r\n\tb\r\n",
                                         "Host: other\r\n",
                                         "X : a\r\n",
                                         "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"};
    char bytes[2 * REQUEST_MAX];
    uint32_t kind = c->turn % (sizeof hidden / sizeof hidden[0]);
    (void)a;
    if (c->acts > 0) {
        return attacker_read_all(c);
    }
    size_t size = web_request("/", hidden[kind], bytes, REQUEST_MAX);
    size += web_request("/inner", "", bytes + size, REQUEST_MAX);
    return attacker_send(c, bytes, size);
}

bool act_web_bare(attackers *a, client *c) {
    static const uint8_t bare[] = {WEB_BINARY, 6, FAULTY_ECHO, 0, 1, 2, 3, 4};
    (void)a;
    return c->acts > 0 ? attacker_read_all(c) : request(c) && attacker_send(c, bare, sizeof bare);
}

/* Refused: a listener agrees on no extension. */
bool act_web_packed(attackers *a, client *c) {
    char bytes[REQUEST_MAX];
    (void)a;
    if (c->acts > 0) {
        return attacker_read_all(c);
    }
    size_t size =
        web_request("/", "Sec-WebSocket-Extensions: permessage-deflate\r\n", bytes, sizeof bytes);
    return attacker_send(c, bytes, size) &&
           send_frame(c, WEB_BINARY | 0x40, "\xCA\x48\xCD\xC9\xC9\x07\x00", 7);
}

bool act_web_dribble(attackers *a, client *c) {
    uint8_t bytes[32];
    size_t size = web_frame(bytes, WEB_BINARY, "\1\0abcd", 6);
    (void)a;
    bytes[2] = bytes[3] = bytes[4] = bytes[5] = 0; /* each time the same mask */
    return (c->acts > 0 || request(c)) && attacker_send(c, bytes + c->acts % size, 1) &&
           attacker_read_all(c);
}

bool act_web_fragments(attackers *a, client *c) {
    static const uint8_t payload[PIECE];
    (void)a;
    return (c->acts > 0 || request(c)) &&
           send_frame(c, c->acts == 0 ? WEB_BINARY & 0x7F : 0, payload, PIECE) &&
           attacker_read_all(c);
}

bool act_web_empty(attackers *a, client *c) {
    (void)a;
    return (c->acts > 0 || request(c)) &&
           send_frame(c, c->acts == 0 ? WEB_BINARY & 0x7F : 0, "", 0) && attacker_read_all(c);
}

bool act_web_pings(attackers *a, client *c) {
    enum { PINGS = 20 };
    uint8_t bytes[PINGS * 140];
    static const uint8_t payload[125];
    size_t size = 0;
    (void)a;
    for (int i = 0; i < PINGS; i++) {
        size += web_frame(bytes + size, WEB_PING, payload, sizeof payload);
    }
    return (c->acts > 0 || request(c)) && attacker_send(c, bytes, size);
}

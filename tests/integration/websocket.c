/* websocket.c: a listener with transport = websocket, by a client that is built by hand: messages
 * of both kinds, fragments, pings, the ways a connection ends, and requests that are refused. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/web.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { LIMIT = 65535, MESSAGE_MOST = LIMIT - 8 };

static host *h;
static uint8_t data[70000];
static uint8_t reply[70000];

static net_socket web(void) {
    return web_connect(host_port(h, "web"));
}

/* Expects the same message back. */
static void expect_message(net_socket s, uint8_t first, const void *payload, size_t size) {
    uint8_t kind = 0;
    CHECK_INT(web_recv(s, &kind, reply, sizeof reply), size);
    CHECK_INT(kind, first);
    CHECK(memcmp(reply, payload, size) == 0);
}

static void messages(void) {
    static const size_t sizes[] = {2, 125, 126, 4000, 16384, 65000, MESSAGE_MOST};
    net_socket s = web();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        CHECK(web_send(s, WEB_BINARY, data, sizes[i]));
        expect_message(s, WEB_BINARY, data, sizes[i]);
    }
    CHECK(web_send(s, WEB_TEXT, "gr\xC3\xBC\xC3\x9F", 6));
    expect_message(s, WEB_TEXT, "gr\xC3\xBC\xC3\x9F", 6);
    CHECK(web_send(s, WEB_TEXT, "", 0));
    expect_message(s, WEB_TEXT, "", 0);
    CHECK(web_send(s, 2, "\7", 1));
    CHECK(web_send(s, WEB_PING, "are you there", 13));
    CHECK(web_send(s, 0, "\0one ", 5));
    CHECK(web_send(s, WEB_FIN, "two", 3));
    expect_message(s, WEB_PONG, "are you there", 13);
    expect_message(s, WEB_BINARY, "\7\0one two", 9);
    net_close(s);
}

/* A thousand messages and the end, all at once: everything is answered before the end. */
static void pipelined(void) {
    enum { COUNT = 1000 };
    static uint8_t bytes[COUNT * 16];
    size_t used = 0;
    for (int i = 0; i < COUNT; i++) {
        uint8_t message[4] = {1, 0, (uint8_t)i, (uint8_t)(i >> 8)};
        used += web_frame(bytes + used, WEB_BINARY, message, sizeof message);
    }
    used += web_frame(bytes + used, WEB_CLOSE, "\x0F\xA1", 2); /* 4001 */
    net_socket s = web();
    CHECK(net_send_all(s, bytes, used));
    for (int i = 0; i < COUNT; i++) {
        uint8_t message[4] = {1, 0, (uint8_t)i, (uint8_t)(i >> 8)};
        expect_message(s, WEB_BINARY, message, sizeof message);
    }
    web_expect_close(s, 4001);
    net_close(s);
}

/* The request and the first messages in one piece, and everything byte by byte. */
static void pieces(void) {
    char head[1024];
    uint8_t bytes[64];
    size_t size = web_request("/", "", head, sizeof head);
    size += web_frame((uint8_t *)head + size, WEB_BINARY, "\1\0early", 7);
    size += web_frame((uint8_t *)head + size, WEB_TEXT, "bird", 4);
    net_socket s = net_connect(host_port(h, "web"));
    CHECK(net_send_all(s, head, size));
    do {
        CHECK(net_recv_exactly(s, bytes, 1));
        memmove(head, head + 1, 3);
        head[3] = (char)bytes[0];
    } while (memcmp(head, "\r\n\r\n", 4) != 0);
    expect_message(s, WEB_BINARY, "\1\0early", 7);
    expect_message(s, WEB_TEXT, "bird", 4);
    size = web_frame(bytes, WEB_BINARY, "\1\0slow", 6);
    for (size_t i = 0; i < size; i++) {
        CHECK(net_send_all(s, bytes + i, 1));
        clock_sleep_ms(2); /* so that it arrives alone */
    }
    expect_message(s, WEB_BINARY, "\1\0slow", 6);
    net_close(s);
}

static void ends_with(const void *bytes, size_t size, int code) {
    net_socket s = web();
    CHECK(web_send(s, WEB_TEXT, "before", 6));
    CHECK(net_send_all(s, bytes, size));
    expect_message(s, WEB_TEXT, "before", 6);
    web_expect_close(s, code);
    net_close(s);
}

/* Section 7.4.1. */
static void endings(void) {
    uint8_t bytes[32];
    int64_t refused = host_figure(h, "packets_rejected");
    ends_with(bytes, web_frame(bytes, WEB_CLOSE, "\3\350done", 6), 1000);
    ends_with(bytes, web_frame(bytes, WEB_CLOSE, "", 0), 1005);
    CHECK_INT(host_figure(h, "packets_rejected"), refused);
    ends_with("\x82\x02..", 4, 1002);
    ends_with(bytes, web_frame(bytes, 0xC2, "\1\0", 2), 1002);
    ends_with(bytes, web_frame(bytes, WEB_TEXT, "\xFF", 1), 1007);
    ends_with(bytes, web_frame(bytes, WEB_BINARY, "\1", 1), 1008);
    ends_with("\x82\xFF\0\0\0\0\0\1\0\0....", 14, 1009);
    host_wait_figure(h, "packets_rejected", refused + 5);
    net_socket s = web();
    web_expect_echo(s, 1, "here");
    net_half_close(s); /* no close frame came: the end of the stream is one */
    web_expect_close(s, 1000);
    net_close(s);
}

static void refuse(const char *request, const char *status) {
    char answer[1024];
    size_t used = 0;
    int got = 0;
    net_socket s = net_connect(host_port(h, "web"));
    CHECK(net_send_all(s, request, strlen(request)));
    while (used < sizeof answer - 1 &&
           (got = net_recv_some(s, answer + used, sizeof answer - 1 - used)) > 0) {
        used += (size_t)got;
    }
    answer[used] = '\0';
    CHECK_INT(got, NET_END);
    CHECK(strncmp(answer, "HTTP/1.1 ", 9) == 0);
    answer[12] = '\0';
    CHECK_TEXT(answer + 9, status);
    CHECK(strstr(answer + 13, "\r\nConnection: close\r\n") != NULL);
    CHECK(strstr(answer + 13, "evil") == NULL); /* nothing of the request comes back */
    net_close(s);
}

static void requests(void) {
    char request[1024];
    refuse("GET / HTTP/1.1\r\nHost: evil\r\n\r\n", "426");
    refuse("GET /evil HTTP/1.1\r\nHost: a\r\n\r\n", "404");
    refuse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nevil", "405");
    refuse("GET / HTTP/1.1\nHost: evil\n\n", "400");
    refuse("\x16\x03\x01\x02", "400"); /* how a client of TLS begins */
    web_request("/", "Origin: https://evil.example\r\n", request, sizeof request);
    refuse(request, "403");
    net_socket s = net_connect(host_port(h, "web"));
    size_t size = web_request("/?a", "Origin: https://good.example\r\n", request, sizeof request);
    CHECK(net_send_all(s, request, size));
    CHECK(net_recv_exactly(s, request, 12));
    CHECK(memcmp(request, "HTTP/1.1 101", 12) == 0);
    net_close(s);
    host_wait_log_some(h, "its request is refused with status 404: no such path", 1);
    host_wait_log_some(h, "status 400: it begins like TLS, which is not on: see the key tls", 1);
}

/* Half a request costs the client its connection, after handshake_timeout_ms. Until then it takes
 * one of the places of max_sessions, and its module does not know of it. */
static void half_requests(void) {
    net_socket slow[3];
    for (int i = 0; i < 3; i++) {
        slow[i] = net_connect(host_port(h, "small"));
        CHECK(net_send_all(slow[i], "GET / HT", i == 0 ? 0 : 8));
    }
    host_wait_log_some(h, "refused a connection: max_sessions is reached", 1);
    for (int i = 0; i < 3; i++) {
        CHECK(net_wait_end(slow[i], 20000));
        net_close(slow[i]);
    }
    host_wait_log_some(h, "its handshake is not complete after 700 ms: closed", 2);
    host_wait_figure(h, "sessions", 0);
    net_socket s = web_connect(host_port(h, "small"));
    web_expect_echo(s, 9, "there is a place again");
    net_close(s);
}

/* A silent client is pinged each second; one that never answers is closed after three. */
static void pings(void) {
    uint8_t first = 0;
    net_socket good = web_connect(host_port(h, "pinged"));
    net_socket dead = web_connect(host_port(h, "pinged"));
    for (int i = 0; i < 4; i++) {
        CHECK_INT(web_recv(good, &first, reply, sizeof reply), 0);
        CHECK_INT(first, WEB_PING);
        CHECK(web_send(good, WEB_PONG, "", 0));
    }
    for (int i = 0; i < 2; i++) {
        CHECK_INT(web_recv(dead, &first, reply, sizeof reply), 0);
        CHECK_INT(first, WEB_PING);
    }
    web_expect_close(dead, 1008);
    web_expect_echo(good, 3, "still here");
    net_close(dead);
    net_close(good);
}

/* A client that is over a rate, and what the end of the host looks like. */
static void last_words(void) {
    net_socket s = web_connect(host_port(h, "rated"));
    for (int i = 0; i < 40; i++) {
        CHECK(web_send_packet(s, 1, "x", 1));
    }
    while (web_recv(s, data, reply, sizeof reply) == 3) {
    }
    CHECK_INT(data[0], WEB_CLOSE);
    CHECK_INT(reply[0] << 8 | reply[1], 1008);
    net_close(s);
    s = web();
    net_socket half = net_connect(host_port(h, "web"));
    CHECK(net_send_all(half, "GET / HTTP/1.1\r\n", 16));
    web_expect_echo(s, 1, "here");
    (void)host_interrupt(h);
    web_expect_close(s, 1001);
    CHECK(net_wait_end(half, 20000));
    net_close(half);
    net_close(s);
    CHECK_INT(host_wait_exit(h, 20000), 0);
    host_finish(h, 0);
}

SCENARIO(websocket) {
    uint64_t seed = 3;
    host_options options = {
        .name = "websocket",
        .modules = "echo",
        .listeners =
            {
                {"web", "echo.session",
                 "transport = websocket\norigins = https://good.example, http://other.example\n"},
                {"small", "echo.session",
                 "transport = websocket\nmax_sessions = 2\nhandshake_timeout_ms = 700\n"},
                {"pinged", "echo.session", "transport = websocket\nping_s = 1\n"},
                {"rated", "echo.session", "transport = websocket\npackets_per_second = 20\n"},
            },
    };
    h = host_start(&options);
    wire_random_bytes(&seed, data, sizeof data);
    messages();
    pipelined();
    pieces();
    endings();
    requests();
    host_wait_figure(h, "sessions", 0);
    half_requests();
    pings();
    last_words();
}

/* tls_websocket.c: a listener with TLS and WebSocket, as browsers use it: the upgrade, messages in
 * one record with it and in pieces, and the end of both, also by a damaged record. */
#include "support/check.h"
#include "support/host.h"
#include "support/tls.h"
#include "support/tls_keys.h"

#include <stdio.h>
#include <string.h>

static const char request[] = "GET / HTTP/1.1\r\nHost: game.test\r\nUpgrade: websocket\r\n"
                              "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/* A text "hello" with a mask of zeros, and what comes back. */
static const uint8_t hello[] = {0x81, 0x85, 0, 0, 0, 0, 'h', 'e', 'l', 'l', 'o'};
static const uint8_t answer[] = {0x81, 5, 'h', 'e', 'l', 'l', 'o'};
static const uint8_t close_frame[] = {0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8};

static void expect_upgrade(tls_client *c) {
    char head[1024] = {0};
    size_t size = 0;
    while (size < 4 || memcmp(head + size - 4, "\r\n\r\n", 4) != 0) {
        CHECK(size < sizeof head - 1);
        CHECK(tls_recv_exactly(c, head + size, 1));
        size++;
    }
    head[size] = '\0';
    CHECK(strncmp(head, "HTTP/1.1 101 ", 13) == 0);
    CHECK(strstr(head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") != NULL); /* RFC 6455, 1.3 */
}

static void expect_hello(tls_client *c) {
    uint8_t received[sizeof answer];
    CHECK(tls_recv_exactly(c, received, sizeof received));
    CHECK(memcmp(received, answer, sizeof answer) == 0);
}

static void check_messages(uint16_t port, int version) {
    const tls_options o = {.port = port, .version = version};
    uint8_t together[1024];
    size_t size = sizeof request - 1;
    tls_client *c = tls_connect(&o);
    memcpy(together, request, size);
    memcpy(together + size, hello, sizeof hello);
    CHECK(tls_send_all(c, together, size + sizeof hello));
    expect_upgrade(c);
    expect_hello(c);
    for (size_t i = 0; i < sizeof hello; i++) {
        CHECK(tls_send_all(c, hello + i, 1));
    }
    expect_hello(c);
    CHECK(tls_send_all(c, close_frame, sizeof close_frame));
    uint8_t end[4];
    CHECK(tls_recv_exactly(c, end, sizeof end));
    CHECK_INT(end[0], 0x88);
    CHECK_INT(tls_recv_some(c, end, 1), NET_END);
    tls_close(c);
}

/* The client is told by an alert, and then the connection ends in order: a reset could destroy the
 * alert. No close frame can follow it. */
static void check_damage(uint16_t port, int version) {
    static const uint8_t damaged[] = {23, 3, 3, 0, 30, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3,
                                      4,  5, 6, 7, 8,  9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0};
    const tls_options o = {.port = port, .version = version};
    tls_client *c = tls_connect(&o);
    CHECK(tls_send_all(c, request, sizeof request - 1));
    expect_upgrade(c);
    CHECK(net_send_all(tls_socket(c), damaged, sizeof damaged));
    uint8_t bytes[256];
    int got = net_recv_some(tls_socket(c), bytes, sizeof bytes);
    CHECK(got > 5);
    while (got > 0) {
        got = net_recv_some(tls_socket(c), bytes, sizeof bytes);
    }
    CHECK_INT(got, NET_END);
    tls_cut(c);
}

SCENARIO(tls_websocket) {
    tls_write_pair("tls_websocket", TLS_KEY_A);
    host_options options = {
        .name = "tls_websocket",
        .modules = "echo",
        .listeners = {{"web", "echo.session",
                       "tls = yes\ncertificate = c.pem\nkey = k.pem\ntransport = websocket\n"}},
    };
    host *h = host_start(&options);
    check_messages(host_port(h, "web"), 12);
    check_messages(host_port(h, "web"), 13);
    check_damage(host_port(h, "web"), 12);
    check_damage(host_port(h, "web"), 13);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

/* tls_attacks.c: clients that send no hello, half of one, something else, or stop in the middle of
 * a handshake, by the hundred, and a crowd that connects at once: honest clients are served, before
 * and meanwhile, and what is not completed ends in time. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/tls.h"
#include "support/tls_keys.h"
#include "support/wire.h"

#include <stdlib.h>
#include <string.h>

enum { CROWD_MAX = 400, HELLO_ROOM = 4096, HANDSHAKES_MAX = 16 };

static net_socket crowd[CROWD_MAX];
static uint8_t hello[HELLO_ROOM];
static uint32_t hello_bytes;

static void expect_served(host *h, tls_client *before) {
    const tls_options o = {.port = host_port(h, "game")};
    tls_expect_echo(before, 7, "connected before");
    for (int i = 0; i < 3; i++) {
        tls_client *c = tls_connect(&o);
        tls_expect_echo(c, 8, "connects now");
        tls_close(c);
    }
}

static void crowd_begin(uint16_t port, int count, const void *bytes, size_t size) {
    for (int i = 0; i < count; i++) {
        crowd[i] = net_connect(port);
        CHECK(size == 0 || net_send_all(crowd[i], bytes, size));
    }
}

/* All are ended by the host. */
static void crowd_expect_end(int count) {
    net_wait_ends(crowd, count);
}

/* Silent ones and half hellos cost the host next to nothing, and end after handshake_timeout_ms. */
static void check_half(host *h, tls_client *before) {
    int count = scale(300, 60);
    crowd_begin(host_port(h, "game"), count, hello, 0);
    expect_served(h, before);
    crowd_expect_end(count);
    crowd_begin(host_port(h, "game"), count, hello, hello_bytes / 2);
    expect_served(h, before);
    crowd_expect_end(count);
    host_wait_figure(h, "sessions", 1);
    CHECK_INT(host_figure(h, "tls_handshakes{result=\"made_way\"}"), 0);
}

/* Those who have made the host compute are limited: the oldest makes way. */
static void check_stopped(host *h, tls_client *before) {
    int count = scale(300, 60);
    crowd_begin(host_port(h, "game"), count, hello, hello_bytes);
    host_wait_at_least(h, "tls_handshakes{result=\"made_way\"}", count - HANDSHAKES_MAX);
    expect_served(h, before);
    crowd_expect_end(count);
    host_wait_figure(h, "sessions", 1);
}

/* The beginning of a hello that is larger than those of any client: OpenSSL waits for the rest. It
 * has cost next to nothing, so nobody makes way for it. */
static void check_odd(host *h, tls_client *before) {
    static const uint8_t odd[] = {0x16, 3, 1, 0x40, 0, 1, 0, 0x50, 0, 3, 3};
    int count = scale(300, 60);
    crowd_begin(host_port(h, "game"), count, odd, sizeof odd);
    expect_served(h, before);
    crowd_expect_end(count);
    CHECK_INT(host_figure(h, "tls_handshakes{result=\"made_way\"}"), 0);
}

/* What is no hello ends at once, with an alert. */
static void check_garbage(host *h, tls_client *before) {
    static const char *const garbage[] = {
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "\x80\x2e\x01\x03\x01 an old hello",
        "\x16\x03\x01\x00\x05\x02\x00\x00\x01\x01 a hello of a server",
        "\x16\x03\x01\x50\x00\x01 a record that is too large",
        "\x15\x03\x03 \x02\x02\x01 an alert",
        "\x17\x03\x03 data",
    };
    static const size_t sizes[] = {35, 17, 31, 32, 15, 8};
    int64_t failed = host_figure(h, "tls_handshakes{result=\"failed\"}");
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        uint8_t noise[8192];
        uint64_t random = i;
        net_socket s = net_connect(host_port(h, "game"));
        CHECK(net_send_all(s, garbage[i], sizes[i]));
        wire_random_bytes(&random, noise, sizeof noise);
        (void)net_send_all(s, noise, sizeof noise); /* whatever it takes a length for comes */
        CHECK(net_wait_end(s, 20000));
        net_close(s);
    }
    host_wait_at_least(h, "tls_handshakes{result=\"failed\"}", failed + 5);
    expect_served(h, before);
}

/* A hello in single bytes is a hello. */
static void check_dribble(host *h) {
    net_socket s = net_connect(host_port(h, "game"));
    uint8_t byte = 0;
    for (uint32_t i = 0; i < hello_bytes; i++) {
        CHECK(net_send_all(s, hello + i, 1));
    }
    CHECK_INT(net_recv_some(s, &byte, 1), 1);
    CHECK_INT(byte, 22); /* the record of a ServerHello */
    net_close(s);
}

/* An end without close_notify may be an attacker's: the session is told that it broke. */
static void check_cut(host *h) {
    const tls_options o = {.port = host_port(h, "game")};
    for (int i = 0; i < 20; i++) {
        tls_client *c = tls_connect(&o);
        tls_expect_echo(c, 1, "to be cut");
        if (i % 2 == 0) {
            tls_cut(c);
        } else {
            net_half_close(tls_socket(c));
            char byte;
            CHECK_INT(tls_recv_some(c, &byte, 1), NET_BROKEN);
            tls_cut(c);
        }
    }
    host_wait_log_some(h, "the connection ended without an end of TLS", 10);
    host_wait_figure(h, "sessions", 1);
}

/* Records that are not what the other side encrypted. */
static void check_damage(host *h) {
    const tls_options o = {.port = host_port(h, "game")};
    for (int i = 0; i < 10; i++) {
        static const uint8_t record[] = {23, 3, 3, 0, 30, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3,
                                         4,  5, 6, 7, 8,  9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0};
        tls_client *c = tls_connect(&o);
        CHECK(net_send_all(tls_socket(c), record, sizeof record));
        char byte;
        int end = tls_recv_some(c, &byte, 1);
        CHECK(end == NET_BROKEN || end == NET_END);
        tls_cut(c);
    }
}

/* Clients that ask for new keys and read nothing of the answers. */
static void check_greedy(host *h, tls_client *before) {
    const tls_options o = {.port = host_port(h, "game"), .version = 13};
    tls_client *c = tls_connect(&o);
    net_set_timeout(tls_socket(c), 5000);
    for (int i = 0; i < scale(5000, 500); i++) {
        tls_update_keys(c);
    }
    expect_served(h, before);
    tls_cut(c);
}

SCENARIO(tls_attacks) {
    tls_write_pair("tls_attacks", TLS_KEY_RSA);
    hello_bytes = tls_hello_bytes("game.test", hello, sizeof hello);
    host_options options = {
        .name = "tls_attacks",
        .modules = "echo",
        .log_keys = "level = debug\n",
        .listeners = {{"game", "echo.session",
                       "tls = yes\ncertificate = c.pem\nkey = k.pem\nhandshake_timeout_ms = 3000\n"
                       "tls_handshakes_max = 16\nmax_sessions = 2000\n"}},
    };
    host *h = host_start(&options);
    const tls_options o = {.port = host_port(h, "game")};
    tls_client *before = tls_connect(&o);
    check_half(h, before);
    check_odd(h, before);
    check_stopped(h, before);
    check_garbage(h, before);
    check_dribble(h);
    check_cut(h);
    check_damage(h);
    check_greedy(h, before);
    tls_close(before);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

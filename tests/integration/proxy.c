/* proxy.c: listeners with proxy_protocol: the address in the header is the session's, for modules,
 * ctl and the limits. Headers in every split, none, bad ones, and from balancers that are not
 * listed. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/web.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { HEADER_MAX = 256, ASK = 7 };

static host *h;

/* ---- a balancer ------------------------------------------------------------------------------ */

/* Version 2 over IPv4, for the client `address` port 80, with a TLV. Returns its size. */
static size_t header_v2(const char address[4], uint8_t *out) {
    memcpy(out, "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x11", 16);
    memcpy(out + 16, address, 4);
    memcpy(out + 20, "\x7F\0\0\1\0\x50\0\x51\4\0\2..", 13);
    return 33;
}

/* LOCAL: a connection of the balancer's own. */
static size_t header_local(uint8_t *out) {
    memcpy(out, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16);
    return 16;
}

static size_t header_v1(const char *address, uint8_t *out) {
    return (size_t)snprintf((char *)out, HEADER_MAX, "PROXY TCP4 %s 127.0.0.1 80 81\r\n", address);
}

static net_socket send_header(const char *listener, const void *header, size_t size) {
    net_socket s = net_connect(host_port(h, listener));
    CHECK(net_send_all(s, header, size));
    return s;
}

static net_socket send_line(const char *listener, const char *line) {
    return send_header(listener, line, strlen(line));
}

/* ---- what the module sees -------------------------------------------------------------------- */

static bool recv_peer(net_socket s, const char *peer) {
    char text[128];
    uint16_t opcode = 0;
    int64_t size = wire_recv(s, WIRE_U16, &opcode, text, sizeof text - 1);
    text[size > 0 ? size : 0] = '\0';
    if (size > 0) {
        CHECK_INT(opcode, ASK);
        CHECK(strncmp(text, peer, strlen(peer)) == 0);
    }
    return size > 0;
}

/* Whether the session is served. Its address begins with `peer`. */
static bool has_peer(net_socket s, const char *peer) {
    return wire_send(s, WIRE_U16, ASK, "?", 1) && recv_peer(s, peer);
}

/* Sends the header, and expects that the session is served and has that address. */
static net_socket enter(const char *listener, const void *header, size_t size, const char *peer) {
    net_socket s = send_header(listener, header, size);
    CHECK(has_peer(s, peer));
    return s;
}

static net_socket enter_line(const char *listener, const char *line, const char *peer) {
    return enter(listener, line, strlen(line), peer);
}

static void expect_line(const char *listener, const char *line, const char *peer) {
    net_close(enter_line(listener, line, peer));
}

static void addresses(void) {
    static const char *const either[] = {"v2", "any"};
    uint8_t header[HEADER_MAX];
    for (size_t i = 0; i < 2; i++) {
        size_t size = header_v2("\xC6\x33\x64\7", header);
        net_close(enter(either[i], header, size, "198.51.100.7:80"));
        net_close(enter(either[i], header, header_local(header), "127.0.0.1:"));
    }
    expect_line("v1", "PROXY TCP4 198.51.100.7 127.0.0.1 80 81\r\n", "198.51.100.7:80");
    expect_line("any", "PROXY TCP4 198.51.100.7 127.0.0.1 0 81\r\n", "198.51.100.7:0");
    expect_line("v1", "PROXY TCP6 2001:db8::9 ::1 65535 81\r\n", "[2001:db8::9]:65535");
    expect_line("v1", "PROXY UNKNOWN\r\n", "127.0.0.1:");
    expect_line("v1", "PROXY UNKNOWN of 1.2.3.4\r\n", "127.0.0.1:");
}

/* ctl shows the balancer until the header has come, and then the client. */
static void shown(void) {
    char sessions[1024];
    net_socket s = send_line("v1", "PROXY TCP4 198.51.100.7");
    host_wait_figure(h, "sessions", 1);
    host_admin(h, "sessions", sessions, sizeof sessions);
    CHECK(strstr(sessions, " 127.0.0.1:") != NULL);
    CHECK(strstr(sessions, " handshake ") != NULL);
    CHECK(net_send_all(s, " 127.0.0.1 80 81\r\n", 18));
    CHECK(has_peer(s, "198.51.100.7:80"));
    host_admin(h, "sessions", sessions, sizeof sessions);
    CHECK(strstr(sessions, " 198.51.100.7:80 ") != NULL);
    CHECK(strstr(sessions, " 127.0.0.1:") == NULL);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

/* All at once, or byte by byte so that each arrives alone. */
static void send_pieces(net_socket s, const uint8_t *bytes, size_t size, bool single) {
    for (size_t i = 0; single && i < size; i++) {
        CHECK(net_send_all(s, bytes + i, 1));
        clock_sleep_ms(2);
    }
    CHECK(single || net_send_all(s, bytes, size));
}

/* The header and two packets. */
static void pieces(const char *listener, const uint8_t *header, size_t size, bool single) {
    uint8_t bytes[2 * HEADER_MAX];
    net_socket s = net_connect(host_port(h, listener));
    memcpy(bytes, header, size);
    size += wire_frame(WIRE_U16, bytes + size, ASK, "?", 1);
    size += wire_frame(WIRE_U16, bytes + size, ASK, "again", 5);
    send_pieces(s, bytes, size, single);
    CHECK(recv_peer(s, "198.51.100.7:80"));
    CHECK(recv_peer(s, "198.51.100.7:80"));
    CHECK(has_peer(s, "198.51.100.7:80"));
    net_close(s);
}

/* The header, the request for a WebSocket and a message. */
static void web_pieces(const uint8_t *header, size_t size, bool single) {
    char bytes[HEADER_MAX + 1024];
    char peer[64];
    net_socket s = net_connect(host_port(h, "web"));
    memcpy(bytes, header, size);
    size += web_request("/", "", bytes + size, sizeof bytes - size);
    size += web_frame((uint8_t *)bytes + size, WEB_BINARY, "\7\0?", 3);
    send_pieces(s, (uint8_t *)bytes, size, single);
    memset(bytes, 0, 4);
    do {
        memmove(bytes, bytes + 1, 3);
        CHECK(net_recv_exactly(s, bytes + 3, 1));
    } while (memcmp(bytes, "\r\n\r\n", 4) != 0);
    CHECK_INT(web_wait(s, ASK, peer, sizeof peer), 15);
    CHECK(memcmp(peer, "198.51.100.7:80", 15) == 0);
    net_close(s);
}

static void all_pieces(void) {
    uint8_t header[HEADER_MAX];
    for (int single = 0; single < 2; single++) {
        size_t size = header_v2("\xC6\x33\x64\7", header);
        pieces("v2", header, size, single != 0);
        pieces("any", header, size, single != 0);
        web_pieces(header, size, single != 0);
        size = header_v1("198.51.100.7", header);
        pieces("v1", header, size, single != 0);
        pieces("any", header, size, single != 0);
        web_pieces(header, size, single != 0);
    }
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void refused(const char *listener, const void *bytes, size_t size) {
    net_socket s = send_header(listener, bytes, size);
    CHECK(net_wait_end(s, 20000));
    net_close(s);
}

static void garbage(void) {
    uint8_t bytes[HEADER_MAX];
    refused("any", bytes, wire_frame(WIRE_U16, bytes, ASK, "?", 1)); /* a client comes directly */
    refused("any", "PROXY TCP4 198.51.100.7 127.0.0.1 80 081\r\n", 42);
    refused("v1", bytes, header_v2("\xC6\x33\x64\7", bytes));
    refused("v2", bytes, header_v1("198.51.100.7", bytes));
    refused("web", bytes, web_request("/", "", (char *)bytes, sizeof bytes));
    header_v2("\xC6\x33\x64\7", bytes);
    bytes[14] = 0x10; /* it says that it is larger than 4 KiB */
    refused("v2", bytes, 16);
    host_wait_log(h, "its PROXY header is refused: there is none", 2);
    host_wait_log(h, "its PROXY header is refused: a port in its line is not valid", 1);
    host_wait_log(h, "its PROXY header is refused: it has version 2", 1);
    host_wait_log(h, "its PROXY header is refused: it has version 1", 1);
    host_wait_log(h, "its PROXY header is refused: it is larger than 4096 bytes", 1);
    host_wait_figure(h, "sessions", 0);
}

/* Neither silence nor half a header is waited for longer than handshake_timeout_ms. */
static void silence(void) {
    net_socket silent = net_connect(host_port(h, "slow"));
    net_socket half = send_line("slow", "PROXY TCP4 198.");
    net_socket ends = send_line("slow", "PROXY");
    net_half_close(ends);
    CHECK(net_wait_end(ends, 20000));
    CHECK(net_wait_end(silent, 20000));
    CHECK(net_wait_end(half, 20000));
    host_wait_log(h, "its handshake is not complete after 1500 ms: closed", 2);
    net_close(silent);
    net_close(half);
    net_close(ends);
    host_wait_figure(h, "sessions", 0);
}

/* A header of anybody else is not even read. */
static void strangers(void) {
    char line[256];
    for (int i = 0; i < 3; i++) {
        net_socket s = net_connect(host_port(h, "elsewhere"));
        (void)net_send_all(s, "PROXY UNKNOWN\r\n", 15);
        CHECK(net_wait_end(s, 20000));
        net_close(s);
    }
    host_status_line(h, "listener elsewhere ", line, sizeof line);
    CHECK(strstr(line, " connections_accepted 0 connections_refused 3") != NULL);
    host_wait_log(h, ", which proxy_from does not list", 1);
}

/* ---- the limits by address ------------------------------------------------------------------- */

static void expect_refused_line(const char *listener, const char *line) {
    refused(listener, line, strlen(line));
}

/* Of the client's address, and not of the balancer's, whose own connections do not count. */
static void max_per_address(void) {
    static const char first[] = "PROXY TCP4 198.51.100.1 127.0.0.1 80 81\r\n";
    static const char second[] = "PROXY TCP4 198.51.100.2 127.0.0.1 80 81\r\n";
    net_socket s[7];
    for (int round = 0; round < 2; round++) {
        s[0] = enter_line("counted", first, "198.51.100.1:80");
        s[1] = enter_line("counted", first, "198.51.100.1:80");
        for (int i = 0; i < 3; i++) {
            expect_refused_line("counted", first);
            s[2 + i] = enter_line("counted", "PROXY UNKNOWN\r\n", "127.0.0.1:");
        }
        s[5] = enter_line("counted", second, "198.51.100.2:80");
        host_wait_figure(h, "sessions", 6);
        net_close(s[0]);
        host_wait_figure(h, "sessions", 5);
        s[6] = enter_line("counted", first, "198.51.100.1:80");
        expect_refused_line("counted", first);
        for (int i = 1; i < 7; i++) {
            CHECK(has_peer(s[i], i == 1 || i == 6 ? "198.51.100.1:" : i == 5 ? "198." : "127."));
            net_close(s[i]);
        }
        host_wait_figure(h, "sessions", 0);
    }
    host_wait_log_some(h, "198.51.100.1:80 is refused: max_per_address is reached", 1);
}

static bool rated(const char *line) {
    net_socket s = send_line("rated", line);
    bool served = has_peer(s, "");
    net_close(s);
    return served;
}

static void connect_rate(void) {
    enum { TRIES = 200 };
    static const char first[] = "PROXY TCP4 198.51.100.1 127.0.0.1 80 81\r\n";
    static const char second[] = "PROXY TCP4 198.51.100.2 127.0.0.1 80 81\r\n";
    int64_t refused_before = host_figure(h, "connections_refused{reason=\"connect_rate\"}");
    bool refused = false;
    CHECK(rated(first)); /* a burst of two */
    CHECK(rated(first));
    for (int i = 0; i < TRIES && !refused; i++) {
        refused = !rated(first);
    }
    CHECK(refused);
    CHECK_INT(host_figure(h, "connections_refused{reason=\"connect_rate\"}"), refused_before + 1);
    CHECK(rated(second));
    for (int i = 0; i < 20; i++) {
        CHECK(rated("PROXY UNKNOWN\r\n"));
    }
    host_wait_log(h, "198.51.100.1:80 is refused: connect_rate is reached", 1);
    host_wait_figure(h, "sessions", 0);
}

SCENARIO(proxy) {
    host_options options = {
        .name = "proxy",
        .body = "[module peers]\nfile = {tests}/peers{so}\n",
        .listeners =
            {
                {"v1", "peers.session", "proxy_protocol = v1\nproxy_from = 127.0.0.1\n"},
                {"v2", "peers.session", "proxy_protocol = v2\nproxy_from = 127.0.0.1\n"},
                {"any", "peers.session",
                 "proxy_protocol = any\nproxy_from = 2001:db8::/32, 127.0.0.0/8\n"},
                {"web", "peers.session",
                 "proxy_protocol = any\nproxy_from = 127.0.0.1\ntransport = websocket\n"},
                {"slow", "peers.session",
                 "proxy_protocol = any\nproxy_from = 127.0.0.1\nhandshake_timeout_ms = 1500\n"},
                {"elsewhere", "peers.session",
                 "proxy_protocol = any\nproxy_from = 10.0.0.0/8, 127.0.0.2 ::/0\n"},
                {"counted", "peers.session",
                 "proxy_protocol = any\nproxy_from = 127.0.0.1\nmax_per_address = 2\n"},
                {"rated", "peers.session",
                 "proxy_protocol = any\nproxy_from = 127.0.0.1\nconnect_rate = 1\n"
                 "connect_burst = 2\n"},
            },
    };
    h = host_start(&options);
    addresses();
    host_wait_figure(h, "sessions", 0);
    shown();
    all_pieces();
    host_wait_figure(h, "sessions", 0);
    garbage();
    silence();
    strangers();
    max_per_address();
    connect_rate();
    net_socket half = send_line("any", "PROXY TCP4");
    host_wait_figure(h, "sessions", 1); /* it does not hold up the stop */
    host_stop(h);
    net_close(half);
}

/* http_live_attacks.c: what a live connection can be misused for gains nothing: half handshakes,
 * wrong frames, clients that never read or that flood. Another one is answered all the time, and
 * players notice nothing. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"
#include "support/honest.h"
#include "support/live.h"

static char answer[1 << 20];
static uint16_t port;
static net_socket operator_live; /* the other one */

static void expect_served(void) {
    live_say(operator_live, "run status");
    CHECK(live_hear(operator_live, "status", answer, sizeof answer));
}

static int upgrade(const char *headers) {
    return live_refused(port, headers, answer, sizeof answer);
}

/* The same without one of its lines. */
static int upgrade_without(const char *line) {
    char request[1024];
    size_t size = web_request("/live", HTTP_RIGHT, request, sizeof request);
    char *from = strstr(request, line);
    CHECK(from != NULL);
    char *to = strstr(from, "\r\n");
    CHECK(to != NULL);
    memmove(from, to + 2, size - (size_t)(to + 2 - request) + 1);
    return http_send(port, request, strlen(request), answer, sizeof answer);
}

static void handshakes(void) {
    for (int i = 0; i < scale(200, 50); i++) {
        CHECK_INT(upgrade(""), 401);
        CHECK_INT(
            upgrade("Cookie: portico_80=0000000000000000000000000000000000000000000000000000000000"
                    "000000\r\nOrigin: http://127.0.0.1\r\n"),
            401);
    }
    CHECK_INT(upgrade_without("Sec-WebSocket-Key"), 400);
    CHECK_INT(upgrade_without("Sec-WebSocket-Version"), 426);
    CHECK_INT(upgrade_without("Upgrade"), 426);
    CHECK_INT(upgrade_without("Connection"), 426);
    CHECK_INT(upgrade_without("Host"), 400);
    CHECK_INT(upgrade(HTTP_RIGHT "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), 400);
    expect_served();
}

/* They have shown the token, and then nothing: each makes way after five seconds. */
static void half_handshakes(void) {
    enum { CROWD = 60 };
    net_socket crowd[CROWD];
    char request[1024];
    size_t size = web_request("/live", HTTP_RIGHT, request, sizeof request);
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = net_connect(port);
        (void)net_send_all(crowd[i], request, size - 1 - (size_t)i); /* it may have made way */
    }
    expect_served();
    net_wait_ends(crowd, CROWD);
}

/* Whether there is a place for a live connection. */
static bool is_upgraded(void) {
    char head[12];
    char request[1024];
    net_socket s = net_connect(port);
    CHECK(net_send_all(s, request, web_request("/live", HTTP_RIGHT, request, sizeof request)));
    CHECK(net_recv_exactly(s, head, sizeof head));
    net_close(s);
    return memcmp(head, "HTTP/1.1 101", sizeof head) == 0;
}

static void places(void) {
    enum { MOST = 8 };
    net_socket all[MOST];
    for (int i = 1; i < MOST; i++) { /* the operator has one */
        all[i] = live_open(port);
    }
    CHECK_INT(upgrade(HTTP_RIGHT), 503);
    CHECK_INT(http_ask(port, "GET", "/api/status", HTTP_RIGHT, NULL, answer, sizeof answer), 200);
    for (int i = 1; i < MOST; i++) {
        net_close(all[i]);
    }
    uint64_t until_ms = clock_now_ms() + 20000;
    while (!is_upgraded()) { /* the host has not seen yet that they have gone */
        CHECK(clock_now_ms() < until_ms);
    }
}

/* Frames that say that they are larger than allowed, or break the rules. */
static void frames(void) {
    static const struct {
        const char *bytes;
        size_t size;
        int code;
    } bad[] = {
        {"\x81\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0", 14, 1009},
        {"\x81\xFF\0\0\0\0\1\0\0\0\0\0\0\0", 14, 1009},
        {"\x01\xFE\xFF\xFF\0\0\0\0", 8, 1009},
        {"\x81\x05hello", 7, 1002}, /* not masked */
        {"\xF1\x80\0\0\0\0", 6, 1002},
        {"\x80\x80\0\0\0\0", 6, 1002}, /* continues nothing */
        {"\x89\xFE\x01\0\0\0\0\0", 8, 1002},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        net_socket s = live_open(port);
        CHECK(net_send_all(s, bad[i].bytes, bad[i].size));
        web_expect_close(s, bad[i].code);
        net_close(s);
    }
    expect_served();
}

/* Thousands of commands at once: the host takes the next when the client has the last answer. Each
 * is answered, and none of them waits in the host. */
static void flood(host *h) {
    const int count = scale(5000, 500);
    int64_t before = host_figure(h, "resident_memory_bytes");
    net_socket s = live_open(port);
    uint8_t frame[64];
    int sent = 0;
    int heard = 0;
    net_set_timeout(s, 1000);
    size_t at = 0;
    size_t size = web_frame(frame, WEB_TEXT, "run status", 10);
    uint64_t until_ms = clock_now_ms() + 60000;
    while (sent < count && clock_now_ms() < until_ms) {
        int took = net_send_some(s, frame + at, size - at);
        CHECK(took != NET_BROKEN);
        if (took == NET_TIMEOUT) {
            break; /* the host takes no more */
        }
        at += (size_t)took;
        if (at == size) {
            at = 0;
            sent++;
            size = web_frame(frame, WEB_TEXT, "run status", 10);
        }
    }
    expect_served();
    int64_t grown = host_figure(h, "resident_memory_bytes") - before;
    CHECK(scale_sanitized() || grown < 16 * 1024 * 1024);
    net_set_timeout(s, NET_TIMEOUT_MS);
    while (heard < sent) {
        uint8_t kind = 0;
        CHECK(web_recv(s, &kind, answer, sizeof answer) > 0);
        CHECK_INT(kind, WEB_TEXT);
        heard++;
    }
    net_close(s);
}

/* Messages without an answer, and pings. */
static void flood_of_watches(void) {
    net_socket s = live_open(port);
    for (int i = 0; i < scale(10000, 1000); i++) {
        live_say(s, "watch 60000 faults");
        live_say(s, "unwatch faults");
        CHECK(web_send(s, WEB_PING, "ping", 4));
        if (i % 1000 == 0) {
            expect_served();
        }
    }
    net_close(s);
}

/* It watches much and reads nothing. */
static void never_reads(host *h) {
    char text[64];
    int64_t before = host_figure(h, "resident_memory_bytes");
    net_socket s = net_connect_narrow(port);
    web_upgrade_with(s, "/live", HTTP_RIGHT);
    for (int i = 1; i <= 15; i++) {
        snprintf(text, sizeof text, "watch 250 top --count %d", i);
        live_say(s, text);
    }
    live_say(s, "watch 250 metrics");
    uint64_t until_ms = clock_now_ms() + 5000;
    while (clock_now_ms() < until_ms) {
        expect_served();
        clock_sleep_ms(100);
    }
    int64_t grown = host_figure(h, "resident_memory_bytes") - before;
    CHECK(scale_sanitized() || grown < 16 * 1024 * 1024);
    net_close(s);
}

SCENARIO(http_live_attacks) {
    const faults_options options = {.name = "http_live_attacks", .admin_keys = "http_port = 0\n"};
    host *h = faults_host(&options);
    port = host_port(h, "http");
    const honest_options clients = {.port = host_port(h, "game"), .clients = 5, .rate = 20};
    honest *players = honest_start(&clients);
    operator_live = live_open(port);
    handshakes();
    half_handshakes();
    places();
    frames();
    flood(h);
    flood_of_watches();
    never_reads(h);
    net_close(operator_live);
    CHECK(host_alive(h));
    honest_stop_well(players);
    host_stop(h);
}

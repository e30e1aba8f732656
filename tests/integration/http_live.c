/* http_live.c: /live: commands that are watched and run over a WebSocket. */
#include "support/check.h"
#include "support/host.h"
#include "support/live.h"
#include "support/wire.h"

static char answer[1 << 20];
static uint16_t port;

/* Receives answers to `command` until one has the part. */
static void hear_until(net_socket s, const char *command, const char *part) {
    bool found = false;
    for (int i = 0; !found; i++) {
        CHECK(i < 100);
        CHECK(live_hear(s, command, answer, sizeof answer));
        found = strstr(answer, part) != NULL;
    }
}

static void upgrade_refused(const char *headers, int status) {
    CHECK_INT(live_refused(port, headers, answer, sizeof answer), status);
}

/* Without a login nothing is upgraded, nor for another site's page with the browser's cookie. */
static void who_may(void) {
    char headers[LIVE_HEADERS];
    char request[1024];
    char line[LIVE_HEADERS];
    CHECK_INT(live_login(port, HTTP_TOKEN, headers), 303);
    /* The Host of these requests has no port. */
    snprintf(line, sizeof line, "Cookie: portico_80=%s", strchr(headers, '=') + 1);
    upgrade_refused("", 401);
    upgrade_refused("Authorization: Bearer nothing-of-the-kind\r\n", 401);
    upgrade_refused(line, 403);
    snprintf(request, sizeof request, LIVE_OTHER "%s", line);
    upgrade_refused(request, 403);
    upgrade_refused(LIVE_OTHER HTTP_RIGHT, 403);
    CHECK_INT(http_ask(port, "GET", "/live", HTTP_RIGHT, NULL, answer, sizeof answer), 426);
    CHECK_HAS(answer, "\r\nSec-WebSocket-Version: 13\r\n");
    CHECK_INT(http_ask(port, "POST", "/live", HTTP_RIGHT, "", answer, sizeof answer), 404);
    net_socket s = net_connect(port);
    snprintf(request, sizeof request, "Origin: http://127.0.0.1\r\n%s", line);
    web_upgrade_with(s, "/live", request);
    live_say(s, "run status");
    CHECK(live_hear(s, "status", answer, sizeof answer));
    /* It ends with its login. */
    CHECK_INT(http_ask(port, "POST", "/logout", headers, "", answer, sizeof answer), 303);
    web_expect_close(s, 1008);
    net_close(s);
}

static void watching(uint16_t game) {
    net_socket s = live_open(port);
    live_say(s, "watch 250 status");
    CHECK(live_hear(s, "status", answer, sizeof answer));
    CHECK_HAS(answer, "\"sessions\": 0,");
    CHECK_HAS(answer, "\"ok\": true");
    net_socket player = net_connect(game);
    wire_expect_echo(player, WIRE_U16, 1, "hello");
    hear_until(s, "status", "\"sessions\": 1,");
    live_say(s, "unwatch status");
    live_say(s, "watch 250 faults");
    hear_until(s, "faults", "\"ok\": true"); /* perhaps after an answer of before */
    /* What does not change is not sent again. */
    net_set_timeout(s, 1200);
    uint8_t kind = 0;
    CHECK_INT(web_recv(s, &kind, answer, sizeof answer), -1);
    net_set_timeout(s, NET_TIMEOUT_MS);
    net_close(s);
    net_close(player);
}

static void running(host *h, uint16_t game) {
    char id[32];
    char text[64];
    host_wait_figure(h, "sessions", 0); /* those of before */
    net_socket s = live_open(port);
    net_socket player = net_connect(game);
    wire_expect_echo(player, WIRE_U16, 1, "hello");
    live_say(s, "run sessions");
    CHECK(live_hear(s, "sessions", answer, sizeof answer));
    const char *at = strstr(answer, "\"id\": \"");
    CHECK(at != NULL);
    CHECK_INT(sscanf(at, "\"id\": \"%31[0-9]\"", id), 1);
    /* An answer that waits for the session's turn. */
    snprintf(text, sizeof text, "watch 250 session %s", id);
    live_say(s, text);
    CHECK(live_hear(s, text + 10, answer, sizeof answer));
    CHECK_HAS(answer, "\"states\": [");
    snprintf(text, sizeof text, "unwatch session %s", id);
    live_say(s, text);
    snprintf(text, sizeof text, "run kick %s", id);
    live_say(s, text);
    do { /* perhaps after an answer of the watch: its age */
        uint8_t kind = 0;
        int64_t got = web_recv(s, &kind, answer, sizeof answer - 1);
        CHECK(got >= 0);
        answer[got] = '\0';
    } while (strstr(answer, "{\"command\":\"kick ") == NULL);
    CHECK_HAS(answer, "\"ok\": true");
    CHECK(net_wait_end(player, 20000));
    host_wait_log(h, "`kick ", 1);
    live_say(s, "run swap --force echo"); /* on the control thread */
    CHECK(live_hear(s, "swap --force echo", answer, sizeof answer));
    CHECK_HAS(answer, "generation 2");
    live_say(s, "run swap nowhere");
    CHECK(!live_hear(s, "swap nowhere", answer, sizeof answer));
    CHECK_HAS(answer, "\"error\": ");
    host_expect_error(h, "nowhere is not swapped");
    net_close(player);
    net_close(s);
}

static void refusals(void) {
    net_socket s = live_open(port);
    static const char *const bad[][2] = {
        {"watch 249 status", "status"},   {"watch 60001 status", "status"},
        {"watch 1000 kick 1", "kick 1"},  {"watch 1000 dance", "dance"},
        {"run dance", "dance"},           {"run", "run"},
        {"dance \\\"", "dance \\\\\\\""}, {"", ""},
        {"watch status", "status"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        live_say(s, bad[i][0]);
        CHECK(!live_hear(s, bad[i][1], answer, sizeof answer));
        CHECK_HAS(answer, "\"error\": ");
    }
    char text[64];
    for (int i = 1; i <= 17; i++) {
        snprintf(text, sizeof text, "watch 60000 faults %d", i);
        live_say(s, text);
        CHECK(live_hear(s, text + 12, answer, sizeof answer) == (i <= 16));
    }
    CHECK_HAS(answer, "16 commands are watched");
    CHECK(web_send(s, WEB_PING, "there?", 6));
    uint8_t kind = 0;
    CHECK_INT(web_recv(s, &kind, answer, sizeof answer), 6);
    CHECK_INT(kind, WEB_PONG);
    CHECK(web_send(s, WEB_CLOSE, "\x03\xE8", 2));
    web_expect_close(s, 1000);
    net_close(s);
}

/* Ways to break the protocol: each ends that connection with the code for it. */
static void broken(void) {
    static char long_text[8192];
    memset(long_text, 'a', sizeof long_text);
    net_socket s = live_open(port);
    CHECK(web_send(s, WEB_BINARY, "\0\0run status", 12));
    web_expect_close(s, 1008);
    net_close(s);
    s = live_open(port);
    live_say(s, "run status\nrun stop");
    web_expect_close(s, 1008);
    net_close(s);
    s = live_open(port);
    CHECK(web_send(s, WEB_TEXT, "run \xFF", 5));
    web_expect_close(s, 1007);
    net_close(s);
    s = live_open(port);
    CHECK(web_send(s, WEB_TEXT, long_text, sizeof long_text));
    web_expect_close(s, 1009);
    net_close(s);
}

SCENARIO(http_live) {
    host_options options = {
        .name = "http_live",
        .modules = "echo",
        .listeners = {{"game", "echo.session", NULL}},
        .admin_keys = "http_port = 0\n",
    };
    host *h = host_start(&options);
    port = host_port(h, "http");
    watching(host_port(h, "game"));
    running(h, host_port(h, "game"));
    refusals();
    broken();
    who_may();
    net_socket s = live_open(port);
    live_say(s, "run stop");
    CHECK(live_hear(s, "stop", answer, sizeof answer));
    CHECK_INT(host_wait_exit(h, 30000), 0);
    net_close(s);
    host_finish(h, 0);
}

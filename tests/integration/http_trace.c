/* http_trace.c: a trace over /live: its events come in answers until it ends by itself, by unwatch,
 * or with its connection. */
#include "support/check.h"
#include "support/host.h"
#include "support/live.h"
#include "support/wire.h"

#include <stdio.h>

static char answer[1 << 20];
static uint16_t port;
static net_socket player;

/* Begins the trace WHAT. */
static void begin(net_socket s, const char *what) {
    char message[128];
    snprintf(message, sizeof message, "run trace %s", what);
    live_say(s, message);
    CHECK(live_hear(s, message + 4, answer, sizeof answer));
    CHECK_HAS(answer, "\"trace\": \"");
    CHECK_HAS(answer, "\"ended\": null");
    CHECK_HAS(answer, "\"ok\": true");
}

/* An echo is two events, which may come in one answer or in two. */
static void expect_echo(net_socket s, const char *command) {
    uint32_t in = 0;
    uint32_t out = 0;
    wire_expect_echo(player, WIRE_U16, 9, "hi");
    for (int i = 0; i < 2 && in + out < 2; i++) {
        CHECK(live_hear(s, command, answer, sizeof answer));
        in += count_in(answer, "\"event\": \"in\"");
        out += count_in(answer, "\"event\": \"out\"");
        CHECK_HAS(answer, "\"bytes\": \"6869");
        CHECK_HAS(answer, "\"dropped\": 0");
    }
    CHECK(in == 1 && out == 1);
}

static void unwatched(host *h) {
    static const char command[] = "trace type counts.session payload seconds 3600";
    net_socket s = live_open(port);
    begin(s, command + 6);
    expect_echo(s, command);
    live_say(s, "run trace type counts.session payload seconds 3600");
    CHECK(!live_hear(s, command, answer, sizeof answer));
    CHECK_HAS(answer, "this trace runs: unwatch it first");
    live_say(s, "run modules"); /* others are answered in between */
    CHECK(live_hear(s, "modules", answer, sizeof answer));
    expect_echo(s, command);
    live_say(s, "unwatch trace type counts.session payload seconds 3600");
    host_wait_log(h, "the trace of type counts.session has ended (nobody follows it any more): 4",
                  1);
    wire_expect_echo(player, WIRE_U16, 9, "hi");
    live_say(s, "run modules");
    CHECK(live_hear(s, "modules", answer, sizeof answer)); /* and no event before it */
    net_close(s);
}

static void by_itself(void) {
    net_socket s = live_open(port);
    begin(s, "type counts.session count 2");
    wire_expect_echo(player, WIRE_U16, 9, "hi");
    for (bool ended = false; !ended;) {
        CHECK(live_hear(s, "trace type counts.session count 2", answer, sizeof answer));
        ended = strstr(answer, "\"ended\": \"count\"") != NULL;
        CHECK(strstr(answer, "bytes") == NULL);
    }
    begin(s, "type counts.session count 2"); /* again */
    live_say(s, "run trace session 1");
    CHECK(!live_hear(s, "trace session 1", answer, sizeof answer));
    CHECK_HAS(answer, "no session has that id");
    net_close(s);
}

/* Its end gives its traces up. */
static void with_its_connection(host *h) {
    char what[64];
    host_wait_log(h, "the trace of type counts.session has ended (nobody follows it any more): 0",
                  1);
    net_socket s = live_open(port);
    for (int i = 1; i <= 5; i++) {
        snprintf(what, sizeof what, "run trace type counts.session count %d", 1000 + i);
        live_say(s, what);
        CHECK_INT(live_hear(s, what + 4, answer, sizeof answer), i <= 4);
    }
    CHECK_HAS(answer, "there are 4 traces");
    net_close(s);
    host_wait_log(h, "the trace of type counts.session has ended (nobody follows it any more): 0",
                  5);
}

SCENARIO(http_trace) {
    host *h = host_start(&(host_options){.name = "http_trace",
                                         .modules = "counts",
                                         .listeners = {{"game", "counts.session", NULL}},
                                         .admin_keys = "http_port = 0\n"});
    port = host_port(h, "http");
    player = net_connect(host_port(h, "game"));
    wire_expect_echo(player, WIRE_U16, 9, "hi");
    unwatched(h);
    by_itself();
    with_its_connection(h);
    net_close(player);
    host_stop(h);
}

/* http_trace_api.c: a trace over /api is one answer with all its events, when it has ended: by its
 * count, its time, its subject or its size. A client that hangs up ends it, and it keeps nobody else
 * out. */
#include "support/check.h"
#include "support/host.h"
#include "support/http.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { TRACES = 4, LARGE = 1000, ECHOES_MAX = 5000 };

static char answer[4 << 20];
static uint16_t port;
static net_socket player;
static int begun;   /* traces that the log has */
static int counted; /* of these, ended by their count */

/* Begins the trace, and returns when it records. */
static net_socket begin(host *h, const char *what) {
    char request[1024];
    net_socket s = net_connect(port);
    size_t size =
        http_request(port, "POST", "/api/trace", HTTP_RIGHT, what, request, sizeof request);
    CHECK(net_send_all(s, request, size));
    host_wait_log(h, "by HTTP at 127.0.0.1:", ++begun);
    (void)host_figure(h, "sessions"); /* the same thread answers */
    return s;
}

static void by_count(host *h) {
    net_socket s = begin(h, "type counts.session payload count 4");
    CHECK_INT(http_ask(port, "GET", "/api/status", HTTP_RIGHT, NULL, answer, sizeof answer), 200);
    wire_expect_echo(player, WIRE_U16, 9, "hi");
    wire_expect_echo(player, WIRE_U16, 9, "hi");
    CHECK_INT(http_read(s, answer, sizeof answer), 200);
    CHECK_HAS(answer, "\"trace\": \"type counts.session\"");
    CHECK_INT(count_in(answer, "\"event\": \"in\""), 2);
    CHECK_INT(count_in(answer, "\"event\": \"out\""), 2);
    CHECK_INT(count_in(answer, "\"bytes\": \"6869"), 4);
    CHECK_HAS(answer, "\"dropped\": 0,\n  \"ended\": \"count\",\n  \"ok\": true\n}\n");
    host_wait_log(h, "the trace of type counts.session has ended (its count is reached): 4",
                  ++counted);
}

static void by_time(void) {
    CHECK_INT(http_ask(port, "GET", "/api/trace?type%20counts.session%20seconds%201", HTTP_RIGHT,
                       NULL, answer, sizeof answer),
              200);
    begun++;
    CHECK_HAS(answer, "\"events\": [],");
    CHECK_HAS(answer, "\"ended\": \"seconds\"");
}

static void by_subject(host *h) {
    char what[64];
    char line[512];
    snprintf(what, sizeof what, "session %llu",
             host_first_id(h, "sessions 1 id", line, sizeof line));
    net_socket s = begin(h, what);
    net_close(player);
    CHECK_INT(http_read(s, answer, sizeof answer), 200);
    CHECK_HAS(answer, "\"event\": \"close\"");
    CHECK_HAS(answer, "\"ended\": \"gone\"");
    player = net_connect(host_port(h, "game"));
    wire_expect_echo(player, WIRE_U16, 9, "hi");
}

/* More than an answer holds. */
static void by_size(host *h) {
    static char text[LARGE + 1];
    memset(text, 'x', LARGE);
    net_socket s = begin(h, "type counts.session payload count 1000000");
    net_poll_entry entry = {.socket = s};
    int echoes = 0;
    while (!net_poll(&entry, 1, 1)) {
        CHECK(echoes++ < ECHOES_MAX);
        wire_expect_echo(player, WIRE_U16, 9, text);
    }
    CHECK_INT(http_read(s, answer, sizeof answer), 200);
    CHECK_HAS(answer, "\"ended\": \"bytes\"");
    CHECK(strlen(answer) > 2 << 20 && strlen(answer) < 3 << 20);
}

static void refused(void) {
    static const char much[] = "type counts.session seconds 61";
    CHECK_INT(http_ask(port, "POST", "/api/trace", HTTP_RIGHT, much, answer, sizeof answer), 400);
    CHECK_HAS(answer, "over /api a trace ends after 1 to 60 seconds; found 61");
    CHECK_INT(http_ask(port, "POST", "/api/trace", HTTP_RIGHT, "room x", answer, sizeof answer),
              400);
    CHECK_INT(http_ask(port, "POST", "/api/trace", HTTP_RIGHT, "type a.b", answer, sizeof answer),
              404);
    begun += 2;
}

/* All traces there can be are given up by clients that hang up; before that they send something. */
static void hung_up(host *h) {
    net_socket all[TRACES];
    for (int i = 0; i < TRACES; i++) {
        all[i] = begin(h, "type counts.session");
    }
    CHECK_INT(http_ask(port, "POST", "/api/trace", HTTP_RIGHT, "type counts.session", answer,
                       sizeof answer),
              409);
    begun++;
    CHECK_HAS(answer, "there are 4 traces");
    for (int i = 0; i < TRACES; i++) {
        CHECK(net_send_all(all[i], "more", 4));
        net_close(all[i]);
    }
    host_wait_log(h, "the trace of type counts.session has ended (nobody follows it any more): 0",
                  TRACES);
    by_count(h);
}

SCENARIO(http_trace_api) {
    host *h = host_start(&(host_options){.name = "http_trace_api",
                                         .modules = "counts",
                                         .listeners = {{"game", "counts.session", NULL}},
                                         .admin_keys = "http_port = 0\n"});
    port = host_port(h, "http");
    player = net_connect(host_port(h, "game"));
    wire_expect_echo(player, WIRE_U16, 9, "hi");
    by_count(h);
    by_time();
    by_subject(h);
    by_size(h);
    refused();
    hung_up(h);
    net_close(player);
    host_stop(h);
}

/* http_live_stop.c: a host that stops says so to its live connections, with the close code 1001,
 * and answers a trace over /api with what it has. A client that does not hang up does not delay the
 * stop for long. */
#include "support/check.h"
#include "support/host.h"
#include "support/live.h"
#include "support/wire.h"

static char answer[1 << 20];

/* Answers of its watches may come before the close frame. */
static void expect_close(net_socket s) {
    uint8_t kind = 0;
    int64_t size = 0;
    do {
        size = web_recv(s, &kind, answer, sizeof answer);
        CHECK(size >= 0);
    } while (kind == WEB_TEXT);
    CHECK_INT(kind, WEB_CLOSE);
    CHECK(size > 2 && (uint8_t)answer[0] << 8 == (1001 & 0xFF00));
    CHECK_INT((uint8_t)answer[1], 1001 & 0xFF);
    answer[size] = '\0';
    CHECK_TEXT(answer + 2, "the host stops");
    CHECK_INT(net_recv_some(s, answer, 1), NET_END);
    net_close(s);
}

static net_socket begin_trace(host *h, uint16_t port) {
    net_socket s = net_connect(port);
    size_t size = http_request(port, "POST", "/api/trace", HTTP_RIGHT, "type counts.session",
                               answer, sizeof answer);
    CHECK(net_send_all(s, answer, size));
    host_wait_log(h, "`trace type counts.session` by HTTP at 127.0.0.1:", 1);
    (void)host_figure(h, "sessions"); /* the same thread answers */
    return s;
}

SCENARIO(http_live_stop) {
    host *h = host_start(&(host_options){.name = "http_live_stop",
                                         .modules = "counts",
                                         .listeners = {{"game", "counts.session", NULL}},
                                         .admin_keys = "http_port = 0\n"});
    uint16_t port = host_port(h, "http");
    net_socket player = net_connect(host_port(h, "game"));
    wire_expect_echo(player, WIRE_U16, 9, "hi");
    net_socket idle = live_open(port);
    net_socket watches = live_open(port);
    net_socket silent = live_open(port);
    live_say(watches, "watch 250 top");
    live_say(watches, "watch 250 metrics");
    net_socket traces = begin_trace(h, port);
    host_admin(h, "stop", answer, sizeof answer);
    net_close(player);
    expect_close(idle);
    expect_close(watches);
    CHECK_INT(http_read(traces, answer, sizeof answer), 200);
    CHECK_HAS(answer, "\"event\": \"close\"");
    CHECK_HAS(answer, "\"ended\": \"stop\"");
    CHECK_INT(host_wait_exit(h, 30000), 0);
    net_close(silent);
    host_finish(h, 0);
}

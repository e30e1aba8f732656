/* websocket_connector.c: host B's connector reaches host A over WebSocket, and comes back when A
 * has been away, or was something that speaks no WebSocket. */
#include "support/check.h"
#include "support/host.h"
#include "support/net.h"
#include "support/web.h"

#include <stdio.h>
#include <string.h>

static const char came_back[] = "opcode 12 came back: good day";

static host *start_a(uint16_t port, const char *keys) {
    char body[256];
    snprintf(body, sizeof body,
             "[listener game]\naddress = 127.0.0.1\nport = %u\ntype = echo.session\n%s", port,
             keys);
    host_options options = {.name = "websocket_connector-a", .modules = "echo", .body = body};
    return host_start(&options);
}

static host *start_b(uint16_t port) {
    char body[400];
    snprintf(body, sizeof body,
             "[connector up]\naddress = 127.0.0.1\nport = %u\ntype = greets.session\n"
             "transport = websocket\npath = /play?team=red\nmax_sessions = 2\n"
             "reconnect_min_ms = 50\nreconnect_max_ms = 400\nhandshake_timeout_ms = 500\n",
             port);
    host_options options = {.name = "websocket_connector-b", .modules = "greets", .body = body};
    return host_start(&options);
}

/* A server that accepts connections and answers nothing. */
static void silent_server(host *b, uint16_t port) {
    net_socket listener = net_listen(&port);
    char request[1024];
    net_socket s = net_accept(listener, 20000);
    CHECK(s != NET_NONE);
    size_t used = 0;
    while (used < 4 || memcmp(request + used - 4, "\r\n\r\n", 4) != 0) {
        CHECK(used < sizeof request && net_recv_exactly(s, request + used, 1));
        used++;
    }
    static const char start[] = "GET /play?team=red HTTP/1.1\r\nHost: 127.0.0.1:";
    CHECK(strncmp(request, start, sizeof start - 1) == 0);
    host_wait_log_some(b, "its handshake is not complete after 500 ms: closed", 1);
    CHECK(net_wait_end(s, 20000));
    net_close(s);
    net_close(listener);
}

SCENARIO(websocket_connector) {
    uint16_t port = net_free_port();
    host *b = start_b(port);
    silent_server(b, port);
    host *a = start_a(port, "transport = websocket\npath = /elsewhere\n");
    host_wait_log_some(b, "the server does not open a WebSocket: it answers ", 1);
    host_wait_log_some(b, " with status 404", 1);
    host_stop(a);
    a = start_a(port, "framing = line\n"); /* an echo: the request comes back */
    host_wait_log_some(b, "the server does not open a WebSocket: a line does not end in CR LF", 1);
    host_stop(a);
    CHECK_INT(host_log_settled(b, came_back), 0);
    a = start_a(port, "transport = websocket\npath = /play\n");
    host_wait_log(b, came_back, 2);
    host_wait_figure(a, "sessions", 2);
    host_stop(a); /* the server's close frame ends them */
    a = start_a(port, "transport = websocket\npath = /play\n");
    host_wait_log(b, came_back, 4);
    host_stop(b); /* this time the client's does */
    host_wait_figure(a, "sessions", 0);
    host_stop(a);
}

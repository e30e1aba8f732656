/* connector_full.c: a connection of a connector ends while the host is above memory_limit_bytes, when
 * no other may be made. The connector tries again, and connects when there is memory. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 4 * 1024 * 1024, PAUSES_MS = 1000 };
enum { GREEDY_FILL = 11, GREEDY_EMPTY = 20 };

static host *h;

static bool is_connected(void) {
    char line[256];
    host_status_line(h, "connector up ", line, sizeof line);
    return strstr(line, " connected 1/") != NULL;
}

static void wait_connected(bool connected) {
    host_wait_status_line(h, "connector up ", connected ? " connected 1/" : " connected 0/");
}

static void kick_connection(void) {
    char answer[4096];
    char command[64];
    (void)snprintf(command, sizeof command, "kick %llu",
                   host_first_id(h, "sessions 1 id greets.session", answer, sizeof answer));
    host_admin(h, command, NULL, 0);
}

SCENARIO(connector_full) {
    uint16_t port = net_free_port();
    uint8_t answer[64];
    char body[512];
    (void)snprintf(body, sizeof body,
                   "[listener echo]\naddress = 127.0.0.1\nport = %u\ntype = echo.session\n"
                   "[connector up]\naddress = 127.0.0.1\nport = %u\ntype = greets.session\n"
                   "reconnect_min_ms = 50\nreconnect_max_ms = 200\n",
                   port, port);
    host_options options = {
        .name = "connector_full",
        .modules = "greedy echo greets",
        .host_keys = "memory_limit_bytes = 4M\n",
        .module_keys = "module_inbox_limit_bytes = 6M\n",
        .listeners = {{"greedy", "greedy.session", NULL}},
        .body = body,
    };
    h = host_start(&options);
    wait_connected(true);
    net_socket greedy = net_connect(host_port(h, "greedy"));
    CHECK(wire_ask(greedy, GREEDY_FILL, NULL, 0, answer, sizeof answer) > 0);
    CHECK(host_figure(h, "message_bytes") > LIMIT);
    kick_connection();
    wait_connected(false);
    clock_sleep_ms(PAUSES_MS);
    CHECK(!is_connected());
    CHECK(wire_ask(greedy, GREEDY_EMPTY, NULL, 0, answer, sizeof answer) > 0);
    wait_connected(true);
    net_close(greedy);
    host_stop(h);
}

/* handles.c: a host that runs out of handles keeps running. Connected sessions are served, the
 * failures are counted and logged once, nothing spins, and once handles are free again new clients
 * get in.
 *
 * Only where a test can lower another process's limit. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/process.h"
#include "support/wire.h"

#include <stdio.h>

enum { LIMIT = 80, CLIENTS = 120 };

SCENARIO(handles) {
#if defined(_WIN32)
    printf("skipped: this system limits no process's handles\n");
    return;
#else
    host_options options = {
        .name = "handles",
        .modules = "echo",
        .listeners = {{"game", "echo.session", "accepts = 4\n"}},
        .handle_limit = LIMIT,
    };
    host *h = host_start(&options);
    host_admin(h, "status", NULL,
               0); /* the admin connection must exist before the handles run out */
    net_socket clients[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) { /* those above the limit wait in the backlog */
        clients[i] = net_connect(host_port(h, "game"));
    }
    host_wait_at_least(h, "accept_failures", 1);
    int64_t there = host_figure(h, "sessions");
    CHECK(there > 10 && there < LIMIT);
    for (int i = 0; i < (int)there; i++) {
        wire_expect_echo(clients[i], WIRE_U16, 1, "those who are there");
    }
    int64_t failures = host_figure(h, "accept_failures");
    clock_sleep_ms(1000);
    CHECK(host_figure(h, "accept_failures") - failures <
          200); /* the host pauses between attempts */
    host_wait_log(h, "accepting fails", 1);

    for (int i = 0; i < (int)there; i++) {
        net_close(clients[i]);
    }
    for (int i = (int)there; i < CLIENTS; i++) {
        wire_expect_echo(clients[i], WIRE_U16, 1, "those who waited");
        net_close(clients[i]);
    }
    host_wait_figure(h, "sessions", 0);
    net_socket s = net_connect(host_port(h, "game"));
    wire_expect_echo(s, WIRE_U16, 1, "a newcomer");
    net_close(s);
    host_stop(h);
#endif
}

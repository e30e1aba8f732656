/* stdio_closed.c: a host that is started without stdin, stdout and stderr opens something else in
 * their place: no socket of a player becomes what log lines are written to. */
#include "support/check.h"
#include "support/host.h"
#include "support/scenario.h"
#include "support/wire.h"

enum { CLIENTS = 8, LINES = 50 };

static void serve(const char *name, bool supervised) {
    host_options options = {.name = name,
                            .modules = "echo",
                            .stdio = PROCESS_STDIO_CLOSED,
                            .supervised = supervised,
                            .log_keys = "file = portico.log\n",
                            .listeners = {{"game", "echo.session", NULL}}};
    net_socket clients[CLIENTS];
    uint8_t bad[4];
    wire_header(WIRE_U16, bad, 1, 1);
    host *h = host_start(&options);
    host_expect_null_stdio(h);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = net_connect(host_port(h, "game"));
    }
    for (int i = 0; i < LINES; i++) { /* each leaves lines of the log */
        net_socket s = net_connect(host_port(h, "game"));
        CHECK(net_send_all(s, bad, sizeof bad));
        CHECK(net_wait_end(s, 30000));
        net_close(s);
    }
    host_wait_log_some(h, " closes: ", LINES);
    for (int i = 0; i < CLIENTS; i++) {
        wire_expect_echo(clients[i], WIRE_U16, 1, "and nothing else");
        net_close(clients[i]);
    }
    host_interrupt(h);
    CHECK_INT(host_wait_exit(h, 60000), 0);
    host_wait_log(h, "stopped: ", 1);
    host_finish(h, 0);
}

SCENARIO(stdio_closed) {
    serve("stdio_closed", false);
    serve("stdio_closed-supervised", true);
}

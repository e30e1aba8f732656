/* log_blocked.c: stderr is a pipe that nobody reads, and one client sends bad frames. Other clients
 * are served all the same, the log's file has every line, and the host can be stopped. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/scenario.h"
#include "support/wire.h"

#include <string.h>

enum { STOP_MS = 60000, ECHO_EACH = 20 };

static void bad_frame(const host *h) {
    uint8_t bytes[4];
    net_socket s = net_connect(host_port(h, "game"));
    CHECK(net_send_all(s, bytes, wire_header(WIRE_U16, bytes, 1, 1)));
    CHECK(net_wait_end(s, 30000));
    net_close(s);
}

SCENARIO(log_blocked) {
    /* At level debug each connection leaves more lines than one: a pipe has room for 64 KiB. */
    host_options options = {.name = "log_blocked",
                            .modules = "echo",
                            .stdio = PROCESS_STDIO_UNREAD,
                            .log_keys = "file = portico.log\n",
                            .listeners = {{"game", "echo.session", NULL}}};
    int count = scale(2000, 1000);
    host *h = host_start(&options);
    net_socket honest = net_connect(host_port(h, "game"));
    for (int i = 0; i < count; i++) {
        bad_frame(h);
        if (i % ECHO_EACH == 0) {
            wire_expect_echo(honest, WIRE_U16, 1, "still served");
        }
    }
    host_wait_figure(h, "packets_rejected{reason=\"frame\"}", count);
    net_socket late = net_connect(host_port(h, "game"));
    wire_expect_echo(late, WIRE_U16, 1, "and so are new ones");
    net_close(late);
    net_close(honest);
    host_wait_log_some(h, " closes: ", count); /* the file */
    CHECK_INT(host_figure(h, "log_lines_dropped"), 0);
    host_interrupt(h);
    CHECK_INT(host_wait_exit(h, STOP_MS), 0);
    host_wait_log(h, "stopped: ", 1);
    host_finish(h, 0);
}

/* stop_and_load.c: commands after a stop have no effect: a module that would be loaded then, with a
 * connector that would connect, must not come to life in a stopping host. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { ROUNDS = 3 };

SCENARIO(stop_and_load) {
    static const char commands[] = "token " HOST_TOKEN "\nstop\nload echo\n";
    char body[512];
    uint16_t port = 0;
    net_socket peer = net_listen(&port);
    snprintf(
        body, sizeof body,
        "[module echo]\nload = no\n"
        "[connector c]\naddress = 127.0.0.1\nport = %u\ntype = echo.session\nmax_sessions = 20\n",
        port);
    host_options options = {.name = "stop_and_load", .body = body};
    for (int i = 0; i < ROUNDS; i++) {
        host *h = host_start(&options);
        net_socket admin = net_connect(host_port(h, "admin"));
        CHECK(net_send_all(admin, commands, sizeof commands - 1));
        CHECK_INT(host_wait_exit(h, 30000), 0);
        net_close(admin);
        char line[256];
        unsigned long long opened = 0;
        unsigned long long closed = 1;
        host_wait_log_line(h, "stopped: ", line, sizeof line);
        CHECK_INT(sscanf(strstr(line, "stopped: "), "stopped: %llu sessions opened, %llu closed",
                         &opened, &closed),
                  2);
        CHECK_INT(opened, closed);
        host_finish(h, 0);
    }
    net_close(peer);
}

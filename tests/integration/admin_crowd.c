/* admin_crowd.c: while the control thread is busy, many commands wait for it. Further ones are
 * refused at once, so that `status` and `stop` still get in. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <string.h>

enum { WAITING = 24, CROWD = 32 };

static char text[65536];

/* A connection of its own, which sends the command. */
static net_socket send_command(host *h, const char *command) {
    net_socket s = net_connect(host_port(h, "admin"));
    host_sign_in(s);
    CHECK(wire_send_line(s, command));
    return s;
}

SCENARIO(admin_crowd) {
    char answer[512];
    net_socket sockets[CROWD];
    host_options options = {
        .name = "admin_crowd",
        .host_keys = "stop_timeout_ms = 2000\n",
        .module_keys = "swap_timeout_ms = 60000\n",
        .body = "[module sticks]\nfile = {tests}/sticks{so}\nload = no\nat = start\n",
    };
    host *h = host_start(&options);
    host_drop_admin(h);
    sockets[0] = send_command(h, "load sticks");
    host_wait_log(h, "sticks in start", 1);
    for (int i = 1; i < CROWD; i++) {
        sockets[i] = send_command(h, "reopen-log");
    }
    for (int i = WAITING; i < CROWD; i++) {
        CHECK(wire_recv_line(sockets[i], answer, sizeof answer));
        CHECK(strstr(answer, "error not done: 24 commands already wait for the control") != NULL);
        CHECK(strstr(answer, "been busy with the command `load sticks`") != NULL);
        net_close(sockets[i]);
    }
    host_admin(h, "status", text, sizeof text); /* over TCP, as they */
    CHECK_INT(host_ctl(h, "stop", "--no-wait", text, sizeof text), 0);
    CHECK(strstr(text, "the command `load sticks`") != NULL);
    (void)host_wait_exit(h, 60000);
    for (int i = 0; i < WAITING; i++) {
        net_close(sockets[i]);
    }
    host_drop(h);
}

/* admin_stuck.c: with every worker stuck in a handler that does not return, `ctl` still answers,
 * and stops the host. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <string.h>

enum { WORKERS = 2, HANGS = 1 };

static char text[65536];

static void check_answers(host *h) {
    static const char *const commands[] = {"status", "modules", "faults", "sessions"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        CHECK_INT(host_ctl(h, commands[i], NULL, text, sizeof text), 0);
    }
    CHECK(strstr(text, " hangs.session game ") != NULL);
    CHECK_INT(host_ctl(h, "kick", "1", text, sizeof text), 1);
    CHECK_INT(host_ctl(h, "load", "nowhere", text, sizeof text), 1);
}

SCENARIO(admin_stuck) {
    host_options options = {
        .name = "admin_stuck",
        .workers = WORKERS,
        .modules = "hangs",
        .host_keys = "stop_timeout_ms = 300\n",
        .listeners = {{"game", "hangs.session", NULL}},
    };
    host *h = host_start(&options);
    net_socket sockets[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        sockets[i] = net_connect(host_port(h, "game"));
        CHECK(wire_send(sockets[i], WIRE_U16, HANGS, NULL, 0));
    }
    host_wait_log(h, "hangs now", WORKERS);
    check_answers(h);
    int code = host_ctl(h, "stop", NULL, text, sizeof text); /* it tells of the handlers */
    CHECK_INT(host_wait_exit(h, 60000), code);
    for (int i = 0; i < WORKERS; i++) {
        net_close(sockets[i]);
    }
    host_drop(h);
}

/* stop.c: Ctrl+C drains: the modules' last words arrive, every session gets its on_close before its
 * module is unloaded, modules are unloaded in reverse order, and the exit code is 0. `ctl stop`
 * does the same. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SESSIONS = 30 };

static host *start(const char *name) {
    host_options options = {
        .name = name,
        .modules = "counts second",
        .listeners = {{"game", "counts.session", NULL}},
    };
    return host_start(&options);
}

static void expect_last_words(net_socket s) {
    char reply[32];
    uint16_t opcode = 0;
    CHECK_INT(wire_recv(s, WIRE_U16, &opcode, reply, sizeof reply), 10);
    CHECK_INT(opcode, 99);
    CHECK(memcmp(reply, "last words", 10) == 0);
    CHECK_INT(net_recv_some(s, reply, 1), NET_END); /* in order, not by a reset */
    net_close(s);
}

static void drains(host *h, void (*stop)(host *)) {
    net_socket clients[SESSIONS];
    uint16_t port = host_port(h, "game");
    for (int i = 0; i < SESSIONS; i++) {
        clients[i] = net_connect(port);
        wire_expect_echo(clients[i], WIRE_U16, 1, "here");
    }
    stop(h);
    for (int i = 0; i < SESSIONS; i++) {
        expect_last_words(clients[i]);
    }
    CHECK_INT(host_wait_exit(h, 30000), 0);
    CHECK(net_try_connect("127.0.0.1", port) == NET_NONE);
    host_wait_log(h, "opened 30 closed 30 packets 30 wrong 0", 1);
    host_wait_log(h, "opened 30 closed 30 wrong 0", 1);
    char *log = NULL;
    char path[1024];
    snprintf(path, sizeof path, "%s/output.txt", host_folder(h));
    log = file_read(path, NULL);
    /* `second` needs `counts` and goes before it. */
    CHECK(strstr(log, "opened 30 closed 30 wrong 0") < strstr(log, "opened 30 closed 30 packets"));
    free(log);
    host_finish(h, 0);
}

static void by_interrupt(host *h) {
    (void)host_interrupt(h);
}

static void by_ctl(host *h) {
    char output[1024];
    CHECK_INT(host_ctl(h, "stop", NULL, output, sizeof output), 0);
}

/* With no session, and with half a frame received. */
static void at_once(void) {
    host *h = start("stop-idle");
    host_stop(h);
    h = start("stop-half");
    net_socket s = net_connect(host_port(h, "game"));
    CHECK(net_send_all(s, "\x10", 1));
    host_wait_figure(h, "sessions", 1);
    host_stop(h);
    net_close(s);
}

SCENARIO(stop) {
    drains(start("stop-interrupt"), by_interrupt);
    drains(start("stop-ctl"), by_ctl);
    at_once();
}

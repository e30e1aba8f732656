/* watchdog.c: a handler that takes longer than watchdog_ms is logged once while it runs and once
 * when it has returned, and `ctl status` counts it. A quick one is not. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

enum { CLIENTS = 2, DAWDLE = 3 };

SCENARIO(watchdog) {
    host_options options = {
        .name = "watchdog",
        .modules = "blocks",
        .host_keys = "watchdog_ms = 400\n",
        .listeners = {{"game", "blocks.session", NULL}},
    };
    host *h = host_start(&options);
    net_socket s[CLIENTS] = {net_connect(host_port(h, "game")), net_connect(host_port(h, "game"))};
    uint32_t ms = 4000;
    uint32_t reply = 0;
    wire_expect_echo(s[0], WIRE_U16, 60, "quick");
    CHECK_INT(host_figure(h, "late_calls"), 0);
    CHECK_INT(host_figure(h, "late_calls_total"), 0);
    uint64_t begun_ms = clock_now_ms();
    for (int i = 0; i < CLIENTS; i++) {
        /* One after the other: a worker that took both packets in one batch would run them in
         * sequence. */
        CHECK(wire_send(s[i], WIRE_U16, DAWDLE, &ms, sizeof ms));
        host_wait_figure(h, "late_calls", i + 1);
    }
    host_wait_log(h, "has not returned for", CLIENTS);
    bool told = host_log_count(h, "has returned after") > 0;
    CHECK(!told || clock_now_ms() - begun_ms >= ms);
    for (int i = 0; i < CLIENTS; i++) {
        CHECK_INT(wire_wait(s[i], DAWDLE, &reply, sizeof reply), sizeof reply);
    }
    host_wait_log(h, "has returned after", CLIENTS);
    host_wait_figure(h, "late_calls", 0);
    CHECK_INT(host_figure(h, "late_calls_total"), CLIENTS);
    host_wait_log(h, "has not returned for", CLIENTS); /* once while it runs */
    char line[512];
    host_wait_log_line(h, "has not returned for", line, sizeof line);
    CHECK(strstr(line, "blocks") != NULL && strstr(line, "opcode 3") != NULL);
    ms = 20;
    CHECK_INT(wire_ask(s[0], DAWDLE, &ms, sizeof ms, &reply, sizeof reply), sizeof reply);
    CHECK_INT(host_figure(h, "late_calls_total"), CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
        net_close(s[i]);
    }
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

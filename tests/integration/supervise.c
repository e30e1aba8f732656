/* supervise.c: a supervisor starts the host again when something has ended it, and players and ctl
 * find it as before. When the supervisor itself is killed, the host goes on serving. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/process.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KILLS = 2 };

static const host_options options = {.name = "supervise",
                                     .modules = "echo",
                                     .listeners = {{"game", "echo.session", NULL}},
                                     .supervised = true};

static uint32_t serving; /* 0: nobody needs to be killed */

/* A host outlives its supervisor, and so would outlive a test that fails. */
static void kill_serving(void) {
    (void)process_kill_id(serving);
}

static void check_serves(host *h) {
    char text[4096];
    net_socket player = net_connect(host_port(h, "game"));
    wire_expect_echo(player, WIRE_U16, 1, "here");
    CHECK_INT(host_ctl(h, "status", NULL, text, sizeof text), 0);
    CHECK(strstr(text, "sessions ") != NULL);
    net_close(player);
}

static void check_killed(host *h, int times) {
    CHECK(process_kill_id(serving));
    serving = host_wait_other(h, serving);
    host_wait_log(h, "the host is started again in ", times);
    host_wait_log(h, "has ended after ", times);
    CHECK(host_log_count(h, "signal 9 (SIGKILL)") + host_log_count(h, "exit code 99") == times);
    host_wait_log(h, "reports of faults are in ", times);
    check_serves(h);
}

static void check_orphan(void) {
    host_options alone = options;
    alone.name = "supervise_orphan";
    host *h = host_start(&alone);
    serving = host_serving_id(h);
    CHECK(process_kill_id(host_process_id(h)));
    (void)host_wait_exit(h, 20000);
    check_serves(h);
    host_admin(h, "stop --no-wait", NULL, 0);
    uint64_t end_ms = clock_now_ms() + 20000;
    while (host_serving_id(h) != 0) { /* it removes its ready file */
        CHECK(clock_now_ms() < end_ms);
        clock_sleep_ms(10);
    }
    serving = 0;
    host_drop(h);
}

SCENARIO(supervise) {
    CHECK_INT(atexit(kill_serving), 0);
    host *h = host_start(&options);
    serving = host_serving_id(h);
    CHECK(serving != 0 && serving != host_process_id(h));
    check_serves(h);
    host_expect_error(h, "supervisor");
    for (int i = 1; i <= KILLS; i++) {
        check_killed(h, i);
    }
    host_stop(h); /* Ctrl+C for the supervisor, or ctl stop: exit code 0 both ways */
    serving = 0;
    check_orphan();
}

/* supervise_ends.c: a supervisor gives up after too many ends, does not start a host again whose
 * configuration is wrong, and passes signals on. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/process.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENDS = 6 };

static host_options options = {
    .modules = "echo", .listeners = {{"game", "echo.session", NULL}}, .supervised = true};

static uint32_t serving;

static void kill_serving(void) {
    (void)process_kill_id(serving);
}

static host *start(const char *name) {
    options.name = name;
    host *h = host_start(&options);
    serving = host_serving_id(h);
    return h;
}

/* A host that is killed leaves its ready file, so a wait for another one begins before the kill. */
static void check_budget(void) {
    host *h = start("supervise_budget");
    for (int i = 1; i < ENDS; i++) {
        CHECK(process_kill_id(serving));
        serving = host_wait_other(h, serving);
    }
    CHECK(process_kill_id(serving));
    int code = host_wait_exit(h, 20000);
    serving = 0;
    CHECK(code == 128 + 9 || code == 99);
    host_wait_log(h, "has ended after ", ENDS);
    host_wait_log(h, "giving up: the host has ended more than 5 times within 60 s", 1);
    host_wait_log(h, "is started again in 0.1 s", 1);
    host_wait_log(h, "is started again in 1.6 s", 1);
    host_drop(h);
}

static void check_configuration(void) {
    char *log = NULL;
    host_options wrong = options;
    wrong.name = "supervise_wrong";
    wrong.host_keys = "nonsense = 1\n";
    CHECK_INT(host_run_to_end(&wrong, &log), 2);
    CHECK(strstr(log, "nonsense") != NULL && strstr(log, "supervisor") == NULL);
    free(log);

    host *h = start("supervise_edited"); /* wrong only when the host is started again */
    size_t size = 0;
    char *ini = file_read(host_ini(h), &size);
    CHECK(ini != NULL);
    char *edited = malloc(size + 64);
    CHECK(edited != NULL);
    size = (size_t)snprintf(edited, size + 64, "%s\n[nonsense]\n", ini);
    file_write(host_ini(h), edited, size);
    free(edited);
    free(ini);
    CHECK(process_kill_id(serving));
    CHECK_INT(host_wait_exit(h, 20000), 2);
    serving = 0;
    host_wait_log(h, "has ended after ", 1);
    host_drop(h);
}

/* A stop through the admin listener is an orderly end, too. */
static void check_stop(void) {
    host *h = start("supervise_stop");
    host_admin(h, "stop --no-wait", NULL, 0);
    serving = 0;
    host_finish(h, 0);
}

static bool check_signals(void) {
    host *h = start("supervise_signals");
    net_socket player = net_connect(host_port(h, "game"));
    if (!host_signal(h, "HUP")) {
        net_close(player);
        host_stop(h);
        serving = 0;
        return false;
    }
    host_wait_log(h, "SIGHUP is ignored: there is no log file", 1);
    wire_expect_echo(player, WIRE_U16, 1, "still here");
    CHECK(host_signal(h, "TERM"));
    serving = 0;
    host_finish(h, 0);
    net_close(player);
    return true;
}

/* While a handler hangs, the second signal ends the host at once. */
static void check_second(void) {
    options.modules = "hangs";
    options.host_keys = "stop_timeout_ms = 50000\n";
    options.listeners[0].type = "hangs.session";
    host *h = start("supervise_second");
    net_socket s = net_connect(host_port(h, "game"));
    CHECK(wire_send(s, WIRE_U16, 1, NULL, 0));
    host_wait_log(h, "hangs now", 1);
    uint64_t begun_ms = clock_now_ms();
    CHECK(host_signal(h, "TERM"));
    host_wait_log(h, "stopping", 1);
    clock_sleep_ms(400); /* two signals within 300 ms count as one */
    CHECK(host_signal(h, "TERM"));
    serving = 0;
    CHECK_INT(host_wait_exit(h, 20000), 1);
    CHECK(clock_now_ms() - begun_ms < 30000);
    net_close(s);
    host_drop(h);
}

SCENARIO(supervise_ends) {
    CHECK_INT(atexit(kill_serving), 0);
    check_stop();
    check_configuration();
    check_budget();
    if (check_signals()) {
        check_second();
    }
}

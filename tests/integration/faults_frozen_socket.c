/* faults_frozen_socket.c: a session whose packet waits for a frozen module is kicked, and its
 * player hangs up. Its socket is closed then, although on_close waits for the thaw. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 30000, MOMENT_MS = 300 };

static host *h;

static void start(void) {
    host_options options = {
        .name = "faults_frozen_socket",
        .workers = 2,
        .modules = "",
        .module_keys = "probation_s = 3600\n",
        .listeners = {{"game", "faulty.session", "framing = u16\nclose_timeout_ms = 600000\n"},
                      {"victims", "faulty.session", "framing = u16\n"}},
        .body = "[module faulty]\nfile = {tests}/faulty{so}\nplan = {dir}/plan.txt\n",
    };
    h = host_start(&options);
    host_expect_error(h, "faulty");
}

/* Whether `ctl sessions` says that of the only session of the listener "game". */
static bool game_is(const char *state, uint64_t *id) {
    char answer[4096];
    char text[64];
    *id = host_first_id(h, "sessions 1 id faulty.session game", answer, sizeof answer);
    (void)snprintf(text, sizeof text, " %s ", state);
    return strstr(answer, text) != NULL;
}

static void wait_until_closed(void) {
    uint64_t id = 0;
    uint64_t until_ms = clock_now_ms() + PATIENCE_MS;
    while (!game_is("closed", &id)) {
        CHECK(clock_now_ms() < until_ms);
        clock_sleep_ms(20);
    }
}

SCENARIO(faults_frozen_socket) {
    char command[64];
    uint64_t id = 0;
    start();
    net_socket player = faults_connect(h, "game", 1);
    net_socket faults = faults_connect(h, "victims", 1);
    CHECK(game_is("open", &id));
    faults_send(faults, FAULTY_FAULT, FAULTY_NULL_WRITE);
    host_wait_log(h, "the module waits for its next build or ctl thaw", 1);
    faults_send(player, FAULTY_ECHO, 1);
    clock_sleep_ms(MOMENT_MS); /* until it waits; if it does not yet, there is less to be shown */
    (void)snprintf(command, sizeof command, "kick %llu", (unsigned long long)id);
    host_admin(h, command, NULL, 0);
    CHECK(faults_ended(player)); /* closes it */
    wait_until_closed();
    host_admin(h, "thaw faulty", NULL, 0);
    net_close(faults);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

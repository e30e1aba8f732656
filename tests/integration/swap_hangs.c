/* swap_hangs.c: calls of a module's life that do not return. Callers at the closed gate hold no
 * worker, and the host answers ctl. A call that takes too long is ended where it loops, and given
 * up where it sleeps; the swap, load or unload ends all the same, and so does the host. */
#include "support/check.h"
#include "support/clock.h"
#include "support/process.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

/* dozes_stop and dozes_start sleep for 3 s. */
enum { ECHO = 7 };

typedef struct doze {
    uint32_t generation;
    uint32_t packets;
} doze;

static host *h;

static void start(const char *name, const char *library, const char *timeout) {
    char body[256];
    (void)snprintf(body, sizeof body, "[module dozes]\nfile = {tests}/%s{so}\n", library);
    host_options options = {
        .name = name,
        .workers = 1,
        .modules = "echo",
        .module_keys = timeout,
        .listeners = {{"dozing", "dozes.session", NULL}, {"echo", "echo.session", NULL}},
        .body = body,
    };
    h = host_start(&options);
}

static doze expect_doze(net_socket s) {
    doze d = {0};
    CHECK_INT(wire_wait(s, 1, &d, sizeof d), sizeof d);
    return d;
}

static doze ask(net_socket s) {
    CHECK(wire_send(s, WIRE_U16, 1, "", 0));
    return expect_doze(s);
}

static process *swap_meanwhile(const char *library) {
    char path[1024];
    char output[1100];
    host_module_path(library, path, sizeof path);
    (void)snprintf(output, sizeof output, "%s/swap.txt", host_folder(h));
    const char *arguments[] = {host_executable(), "ctl", "-c", host_ini(h), "swap",
                               "dozes",           path,  NULL};
    process_options options = {.output_file = output};
    return process_start(arguments, &options);
}

/* While `stop` sleeps with the gate closed, the only worker serves everybody else, and those who
 * wait are served afterwards, in order. */
static void callers_park(void) {
    enum { WAITING = 20 };
    net_socket waiting[WAITING];
    int exit_code = 0;
    start("swap_hangs-park", "dozes_stop", "swap_timeout_ms = 60000\n");
    net_socket echo = net_connect(host_port(h, "echo"));
    for (int i = 0; i < WAITING; i++) {
        waiting[i] = net_connect(host_port(h, "dozing"));
        CHECK_INT(ask(waiting[i]).generation, 1);
    }
    process *swap = swap_meanwhile("dozes_2");
    bool sent = false;
    while (!process_wait(swap, 100, &exit_code)) {
        if (!sent && host_log_count(h, "begins to stop") > 0) { /* the gate is closed, for 3 s */
            sent = true;
            for (int i = 0; i < WAITING; i++) {
                CHECK(wire_send(waiting[i], WIRE_U16, 1, "", 0));
                CHECK(wire_send(waiting[i], WIRE_U16, 1, "", 0));
            }
            CHECK_INT(host_log_count(h, "has stopped"), 0);
        }
        wire_expect_echo(echo, WIRE_U16, ECHO, "I am served");
        CHECK_INT(host_figure(h, "sessions"), WAITING + 1);
    }
    CHECK(sent);
    CHECK_INT(exit_code, 0);
    process_free(swap);
    host_wait_log(h, "has stopped", 1);
    CHECK_INT(host_log_settled(h, "given up"), 0);
    for (int i = 0; i < WAITING; i++) {
        CHECK_INT(expect_doze(waiting[i]).packets, 2);
        doze d = expect_doze(waiting[i]);
        CHECK_INT(d.packets, 3);
        CHECK_INT(d.generation, 2);
        net_close(waiting[i]);
    }
    net_close(echo);
    host_stop(h);
}

/* `stop` is given up, so the swap goes on. There is no way back, and when the call returns after
 * all its thread ends. */
static void stop_sleeps(void) {
    char answer[1024];
    start("swap_hangs-stop", "dozes_stop", "swap_timeout_ms = 300\n");
    net_socket s = net_connect(host_port(h, "dozing"));
    CHECK_INT(ask(s).generation, 1);
    swaps_to(h, "dozes", "dozes_2", NULL, 0);
    CHECK_INT(ask(s).generation, 2);
    CHECK_INT(ask(s).packets, 3);
    host_wait_log(h, "generation 1: stop does not return within 300 ms", 1);
    CHECK(!host_try_admin(h, "rollback dozes", answer, sizeof answer));
    CHECK(strstr(answer, "has never returned") != NULL);
    host_wait_log(h, "stop has returned after all", 1);
    CHECK_INT(host_log_settled(h, "has stopped"), 0);
    swaps_to(h, "dozes", "dozes", NULL, 0); /* the first generation goes, now that it can */
    swaps_wait_copies(h, 4);                /* of echo and two of dozes */
    CHECK_INT(ask(s).generation, 1);
    net_close(s);
    host_expect_error(h, "stop does not return");
    host_expect_error(h, "rollback");
    host_expect_error(h, "dozes is not swapped");
    host_expect_error(h, "dozes");
    host_stop(h);
}

/* A build that does not start, or cannot say whether it takes the states over, is refused. */
static void start_sleeps(void) {
    char answer[1024];
    start("swap_hangs-start", "dozes", "swap_timeout_ms = 300\n");
    host_expect_error(h, "dozes");
    net_socket s = net_connect(host_port(h, "dozing"));
    CHECK_INT(ask(s).generation, 1);
    swaps_refused(h, "dozes", "dozes_start", answer, sizeof answer);
    CHECK(strstr(answer, "its start failed") != NULL);
    CHECK_INT(ask(s).generation, 1);
    host_wait_log(h, "start does not return within 300 ms", 1);
    swaps_refused(h, "dozes", "dozes_loops", answer, sizeof answer); /* can be ended */
    CHECK(strstr(answer, "its migrate refuses") != NULL);
    /* A sanitizer counts as a part of the host, and the loop is mostly in there. */
    CHECK(scale_sanitized() || host_log_settled(h, "migrate does not return") == 0);
    CHECK_INT(ask(s).packets, 3);
    swaps_to(h, "dozes", "dozes_2", NULL, 0);
    CHECK_INT(ask(s).generation, 2);
    host_wait_log(h, "start has returned after all", 1);
    CHECK_INT(ask(s).packets, 5);
    net_close(s);
    host_stop(h);
}

/* The unload does not wait for ever, and neither does the host; a name that was unloaded so can be
 * loaded again at once. */
static void ends_sleep(void) {
    host_options options = {
        .name = "swap_hangs-end",
        .workers = 1,
        .modules = "",
        .host_keys = "stop_timeout_ms = 1500\n",
        .module_keys = "swap_timeout_ms = 300\n",
        .listeners = {{"dozing", "dozes.session", NULL}},
        .body = "[module dozes]\nfile = {tests}/dozes_stop{so}\n",
    };
    h = host_start(&options);
    host_expect_error(h, "dozes");
    net_socket s = net_connect(host_port(h, "dozing"));
    CHECK_INT(ask(s).generation, 1);
    host_admin(h, "unload dozes", NULL, 0);
    host_wait_log(h, "stop does not return within 1500 ms", 1);
    net_close(s);
    host_admin(h, "load dozes", NULL, 0);
    host_read_ready(h);
    s = net_connect(host_port(h, "dozing"));
    CHECK_INT(ask(s).packets, 1);
    net_close(s);
    host_stop(h); /* while the first stop still sleeps, and the second one does */
}

SCENARIO(swap_hangs) {
    callers_park();
    stop_sleeps();
    start_sleeps();
    ends_sleep();
}

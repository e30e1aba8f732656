/* contain_lost.c: calls that sleep for ever are given up, and their generation is not called again.
 * If it serves, its module is rolled back or frozen, and its next build goes on with everybody. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

static host *h;

static void start(const char *name, const char *modules) {
    const faults_options options = {.name = name,
                                    .modules = modules,
                                    .host_keys = "stop_timeout_ms = 500\n",
                                    .module_keys = "swap_timeout_ms = 300\n",
                                    .workers = 2};
    h = faults_host(&options);
}

static uint32_t guest_generation(net_socket s) {
    uint32_t number = 5;
    faulty_echo echo = {0};
    CHECK_INT(wire_ask(s, FAULTY_GUEST_ECHO, &number, sizeof number, &echo, sizeof echo),
              sizeof echo);
    return echo.generation;
}

static void refuse_swap(const char *file, const char *because) {
    char answer[1024];
    swaps_refused(h, "faulty", file, answer, sizeof answer);
    CHECK(strstr(answer, because) != NULL);
}

/* Another module is asked whether it agrees, and does not answer. */
static void asked(void) {
    char answer[1024];
    start("contain_lost-asked", "faulty faulty_guest");
    net_socket s = faults_connect(h, "game", 1);
    CHECK_INT(guest_generation(s), 1);
    swaps_to(h, "faulty_guest", "faulty_guest_2", NULL, 0);
    CHECK_INT(guest_generation(s), 2);
    faults_plan_file(h, "dependency_swaps sleep 2 1\n");
    refuse_swap("faulty_2", "does not agree");
    host_wait_log(h, "rolled back to generation 1", 1);
    CHECK_INT(guest_generation(s), 1);

    faults_plan_file(h, "dependency_swaps sleep 1 1\n");
    refuse_swap("faulty_2", "does not agree"); /* the generation before is lost, too */
    faults_plan_file(h, "");
    faults_send(s, FAULTY_ECHO, 7); /* waits, since the session is also the guest's */
    CHECK(!host_try_admin(h, "thaw faulty_guest", answer, sizeof answer));
    CHECK(strstr(answer, "has never returned") != NULL);
    CHECK(!host_try_admin(h, "rollback faulty_guest", answer, sizeof answer));
    swaps_to(h, "faulty_guest", "faulty_guest_fixed", NULL, 0);
    faulty_echo echo = {0};
    CHECK_INT(wire_wait(s, FAULTY_ECHO, &echo, sizeof echo), sizeof echo);
    CHECK_INT(echo.number, 7);
    CHECK_INT(guest_generation(s), 9);
    swaps_to(h, "faulty", "faulty_2", NULL, 0);
    CHECK_INT(faults_echo(s, 1).generation, 2);
    net_close(s);
    host_stop(h);
}

/* The generation that serves was stopped for a swap, its stop is lost, and the next one faults. */
static void no_way_back(void) {
    start("contain_lost-stop", "faulty");
    net_socket s = faults_connect(h, "game", 1);
    CHECK_INT(faults_echo(s, 30).sum, 30);
    faults_plan_file(h, "stop sleep 1 1\nstart divide 2 1\n");
    refuse_swap("faulty_2", "its start failed");
    faults_send(s, FAULTY_ECHO, 4);
    CHECK(!host_try_admin(h, "thaw faulty", NULL, 0));
    swaps_to(h, "faulty", "faulty_fixed", NULL, 0);
    faulty_echo echo = {0};
    CHECK_INT(wire_wait(s, FAULTY_ECHO, &echo, sizeof echo), sizeof echo);
    CHECK_INT(echo.generation, 9);
    CHECK_INT(echo.sum, 34);
    net_close(s);
    host_stop(h);
}

/* The start of the old generation faults when it is to serve again: a thaw starts it once more. Of
 * each start that faults the timer is taken back. */
static void start_again(void) {
    start("contain_lost-start", "faulty");
    net_socket s = faults_connect(h, "game", 1);
    int64_t timers = swaps_timers(h);
    CHECK_INT(faults_echo(s, 30).sum, 30);
    faults_plan_file(h, "start divide 2 1\nstart null_read 1 1\n");
    refuse_swap("faulty_2", "its start failed");
    faults_send(s, FAULTY_ECHO, 4);
    CHECK(!host_try_admin(h, "thaw faulty", NULL, 0)); /* its start faults again */
    swaps_wait_timers(h, timers);
    faults_plan_file(h, "");
    host_admin(h, "thaw faulty", NULL, 0);
    faulty_echo echo = {0};
    CHECK_INT(wire_wait(s, FAULTY_ECHO, &echo, sizeof echo), sizeof echo);
    CHECK_INT(echo.generation, 1);
    CHECK_INT(echo.sum, 34);
    host_wait_log(h, "life 1 start returned.", 1);
    net_close(s);
    host_stop(h);
}

/* Last words that never end. A loop can be ended, a sleep cannot. */
static void at_the_end(const char *kind) {
    char plan[64];
    char copies[1100];
    char own[16];
    char name[64];
    (void)snprintf(name, sizeof name, "contain_lost-%s", kind);
    start(name, "faulty");
    net_socket s = faults_connect(h, "game", 1);
    (void)snprintf(plan, sizeof plan, "stopping %s 1 1\n", kind);
    faults_plan_file(h, plan);
    host_admin(h, "unload faulty", NULL, 0);
    CHECK(faults_ended(s));
    if (!scale_sanitized()) { /* or the loop is mostly in a part of the host, and is not ended */
        host_wait_log(h, "life 1 stop unloaded.", strcmp(kind, "loop") == 0);
    }
    faults_plan_file(h, "");
    host_admin(h, "load faulty", NULL, 0);
    host_read_ready(h);
    s = faults_connect(h, "game", 1);
    (void)snprintf(plan, sizeof plan, "stopping %s 1 1\nstop %s 1 1\n", kind, kind);
    faults_plan_file(h, plan);
    (void)snprintf(copies, sizeof copies, "%s/run/copies", host_folder(h));
    (void)snprintf(own, sizeof own, "%u.", host_process_id(h));
    host_stop(h);
    net_close(s);
    /* On Windows a library that is loaded cannot be deleted. */
    CHECK(strcmp(host_library_suffix, ".dll") == 0 || folder_count(copies, own) == 0);
}

SCENARIO(contain_lost) {
    asked();
    no_way_back();
    start_again();
    at_the_end("sleep");
    at_the_end("loop");
}

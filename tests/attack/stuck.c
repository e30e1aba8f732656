/* stuck.c: when every worker and job is in a loop, and strangers hold what the admin listener has,
 * `ctl status` still answers, and a stop ends the process with the exit code that says why. */
#include "support/attackers.h"
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"

#include <stdio.h>
#include <string.h>

enum { WORKERS = 2, LOOPS = 6, STOP_MS = 1000, EXIT_STUCK = 71, HELD = 100, WAIT_MS = 60000 };

static char text[1 << 16];

static void expect_status(host *h) {
    uint64_t begin_ms = clock_now_ms();
    CHECK_INT(host_ctl(h, "status", NULL, text, sizeof text), 0);
    CHECK(strstr(text, "late_calls ") != NULL);
    printf("ctl status took %llu ms\n", (unsigned long long)(clock_now_ms() - begin_ms));
}

/* In handlers of sessions, a room, the module, and in jobs. */
static void loop_everywhere(host *h, net_socket *loops) {
    for (int i = 0; i < LOOPS; i++) {
        loops[i] = faults_connect(h, "game", 0);
    }
    CHECK_INT(faults_join(loops[0], "hall"), 0);
    faults_post(loops[0], FAULTY_OF_ROOM, FAULTY_LOOP, 0);
    faults_post(loops[1], FAULTY_OF_MODULE, FAULTY_LOOP, 0);
    faults_send(loops[2], FAULTY_RUN, FAULTY_LOOP);
    faults_send(loops[3], FAULTY_RUN, FAULTY_LOOP);
    for (int i = 4; i < LOOPS; i++) {
        faults_send(loops[i], FAULTY_FAULT, FAULTY_LOOP);
    }
}

SCENARIO(stuck) {
    net_socket loops[LOOPS];
    const faults_options options = {.name = "stuck",
                                    .workers = WORKERS,
                                    .host_keys = "watchdog_ms = 200\nstop_timeout_ms = 1000\n",
                                    .module_keys = faults_no_policy};
    host *h = faults_host(&options);
    const attackers_options held = {
        .kind = ATTACK_SILENT, .port = host_port(h, "admin"), .clients = HELD, .rate = 500};
    host_wait_figure(h, "late_calls", 0);
    attackers *strangers = attackers_start(&held);
    loop_everywhere(h, loops);
    host_wait_at_least(h, "late_calls", WORKERS);
    expect_status(h);
    uint64_t begin_ms = clock_now_ms();
    (void)host_interrupt(h);
    CHECK_INT(host_wait_exit(h, WAIT_MS), EXIT_STUCK);
    uint64_t took_ms = clock_now_ms() - begin_ms;
    printf("the stop took %llu ms\n", (unsigned long long)took_ms);
    CHECK(took_ms + 20 >= STOP_MS); /* the clocks tick */
    (void)attackers_stop(strangers);
    for (int i = 0; i < LOOPS; i++) {
        net_close(loops[i]);
    }
    host_drop(h);
}

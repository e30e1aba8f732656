/* watchdog_hangs.c: a handler that never returns is ended after hang_ms if it runs in its module's
 * own code, even if all workers are in such handlers. One that waits in the system is reported. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { WORKERS = 2, LOOPS = 6, WAIT_MS = 20000 };

/* Until the text is in the log; perhaps more often than once, in a sum of several. */
static void wait_logged(host *h, const char *text) {
    uint64_t end_ms = clock_now_ms() + WAIT_MS;
    while (host_log_count(h, text) == 0) {
        CHECK(clock_now_ms() < end_ms);
        clock_sleep_ms(20);
    }
}

static host *start(const char *name) {
    const faults_options options = {.name = name,
                                    .workers = WORKERS,
                                    .host_keys = "watchdog_ms = 300\n",
                                    .module_keys = faults_no_policy,
                                    .each_keys = "hang_ms = 600\n"};
    return faults_host(&options);
}

/* More loops than threads: the workers' and the rescuer's. */
static void all_workers(void) {
    net_socket loops[LOOPS];
    host *h = start("hangs");
    net_socket other = faults_connect(h, "game", 1);
    for (int i = 0; i < LOOPS; i++) {
        loops[i] = faults_connect(h, "game", 1);
    }
    for (int i = 0; i < LOOPS; i++) {
        faults_send(loops[i], FAULTY_FAULT, FAULTY_LOOP);
    }
    for (int i = 0; i < LOOPS; i++) {
        CHECK(faults_ended(loops[i]));
    }
    (void)faults_echo(other, 7); /* a whole state, by threads that work again */
    host_wait_figure(h, "module_faults", LOOPS);
    host_wait_figure(h, "faults_closed", LOOPS);
    host_wait_figure(h, "late_calls", 0);
    wait_logged(h, "no return in opcode 2");
    wait_logged(h, " still runs after "); /* where it was when it became late */
    host_wait_log_some(h, "  at        fault", 2);
    net_close(other);
    host_stop(h);
}

/* A call that sleeps is not woken, and goes on when it has slept. */
static void asleep(void) {
    char line[512];
    host *h = start("sleeps");
    net_socket s = faults_connect(h, "game", 1);
    net_socket other = faults_connect(h, "game", 1);
    faults_send(s, FAULTY_FAULT, FAULTY_SLEEP);
    wait_logged(h, "exceeds hang_ms"); /* late before, and told so */
    wait_logged(h, "nothing: it may still return");
    host_wait_log_line(h, " still runs after ", line, sizeof line);
    CHECK(strstr(line, "opcode 2") != NULL);
    host_wait_log_some(h, "  at        ", 2);
    (void)faults_echo(other, 8);
    CHECK_INT(host_figure(h, "module_faults"), 0);
    CHECK_INT(host_figure(h, "late_calls"), 1);
    CHECK_INT(host_log_settled(h, "has returned after"), 0);
    host_drop(h); /* it sleeps for longer than a test may take */
}

SCENARIO(watchdog_hangs) {
    all_workers();
    asleep();
}

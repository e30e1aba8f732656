/* watchdog_all.c: the watchdog names every handler and job that does not return, each with the
 * place where it is, also if there are more than its reports have room for at once. It says when
 * all workers are stuck, which nobody else could, and when they continue. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

enum {
    WORKERS = 3,
    JOBS = 10 /* with the handlers more than a queue of reports */,
    DAWDLE = 3,
    DAWDLE_MS = 5000
};

static void each_is_named(void) {
    net_socket s[WORKERS + 1];
    host_options options = {
        .name = "watchdog_all-named",
        .workers = WORKERS,
        .host_keys = "watchdog_ms = 100\nblocking_threads = 10\n",
        .listeners = {{"game", "sticks.session", NULL}},
        .body = "[module sticks]\nfile = {tests}/sticks{so}\nasleep = yes\n",
    };
    host *h = host_start(&options);
    for (int i = 0; i <= WORKERS; i++) {
        s[i] = net_connect(host_port(h, "game"));
        wire_expect_echo(s[i], WIRE_U16, 9, "here");
    }
    for (int i = 0; i < JOBS; i++) {
        CHECK(wire_send(s[WORKERS], WIRE_U16, 4, NULL, 0));
    }
    host_wait_log(h, "sticks in a job", JOBS);
    for (int i = 0; i < WORKERS; i++) {
        CHECK_INT(host_log_count(h, "all workers are stuck"), 0);
        CHECK(wire_send(s[i], WIRE_U16, 1, NULL, 0));
        host_wait_log(h, "sticks in a packet", i + 1);
    }
    host_wait_log(h, "all workers are stuck", 1);
    host_wait_log(h, " has not returned for ", WORKERS + JOBS);
    CHECK_INT(host_log_count(h, "warn  sticks    opcode 1 of session "), WORKERS);
    CHECK_INT(host_log_count(h, "warn  sticks    job 1 has not returned for "), JOBS);
    host_wait_log(h, "opcode 1 of sticks 1, generation 1 still runs after ", WORKERS);
    host_wait_log(h, "job 1 of sticks 1, generation 1 still runs after ", JOBS);
    host_wait_log_some(h, "backtrace, the innermost call first", WORKERS + JOBS);
    CHECK_INT(host_log_settled(h, " more like it in "), 0);
    CHECK_INT(host_log_settled(h, "workers continue"), 0);
    host_drop(h);
}

static void and_when_they_continue(void) {
    net_socket s[WORKERS];
    uint32_t ms = DAWDLE_MS;
    uint32_t reply = 0;
    host_options options = {
        .name = "watchdog_all-continue",
        .workers = WORKERS,
        .modules = "blocks",
        .host_keys = "watchdog_ms = 200\n",
        .listeners = {{"game", "blocks.session", NULL}},
    };
    host *h = host_start(&options);
    for (int i = 0; i < WORKERS; i++) {
        s[i] = net_connect(host_port(h, "game"));
        wire_expect_echo(s[i], WIRE_U16, 60, "here");
    }
    for (int i = 0; i < WORKERS; i++) {
        CHECK(wire_send(s[i], WIRE_U16, DAWDLE, &ms, sizeof ms));
        host_wait_log(h, " has not returned for ", i + 1);
    }
    host_wait_log(h, "all workers are stuck", 1);
    for (int i = 0; i < WORKERS; i++) {
        CHECK_INT(wire_wait(s[i], DAWDLE, &reply, sizeof reply), sizeof reply);
    }
    host_wait_log(h, "workers continue after some ", 1);
    host_wait_log(h, " has returned after ", WORKERS);
    CHECK_INT(host_log_settled(h, "all workers are stuck"), 1);
    for (int i = 0; i < WORKERS; i++) {
        net_close(s[i]);
    }
    host_stop(h);
}

SCENARIO(watchdog_all) {
    each_is_named();
    and_when_they_continue();
}

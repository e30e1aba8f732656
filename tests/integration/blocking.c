/* blocking.c: run_job replies in whatever order jobs finish, refuses jobs beyond its queue,
 * keeps its module loaded while jobs run, and stops with jobs waiting: it runs them if there is
 * time for that, and drops the others. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <portico/status.h>

#include <stdio.h>

enum { JOBS = 40, ORDER = 1, REFUSED = 2, DONE = 101, QUEUE = 6, THREADS = 2, MANY = 100 };

static host *h;

static host *start(const char *name, const char *keys) {
    host_options options = {
        .name = name,
        .modules = "blocks",
        .host_keys = keys,
        .listeners = {{"game", "blocks.session", NULL}},
    };
    return host_start(&options);
}

static void order(net_socket s, uint32_t ms, uint32_t tag) {
    const uint32_t figures[2] = {ms, tag};
    CHECK(wire_send(s, WIRE_U16, ORDER, figures, sizeof figures));
}

/* Every tag comes back once, as done or as refused. Returns how many were refused. */
static int collect(net_socket s, int jobs) {
    bool seen[JOBS] = {false};
    int refused = 0;
    for (int i = 0; i < jobs; i++) {
        int32_t figures[2] = {-1, 0};
        uint16_t opcode = 0;
        CHECK(wire_recv(s, WIRE_U16, &opcode, figures, sizeof figures) > 0);
        CHECK(figures[0] >= 0 && figures[0] < JOBS && !seen[figures[0]]);
        seen[figures[0]] = true;
        CHECK(opcode == DONE || opcode == REFUSED);
        CHECK(opcode == DONE || figures[1] == PORTICO_E_BACKLOG);
        refused += opcode == REFUSED;
    }
    return refused;
}

static void replies(net_socket s) {
    for (uint32_t round = 0; round < 5; round++) {
        for (uint32_t i = 0; i < QUEUE; i++) {
            order(s, (QUEUE - i) * 10, i); /* as many as fit, so none is refused */
        }
        CHECK_INT(collect(s, QUEUE), 0);
    }
    host_wait_figure(h, "blocking_jobs", 0);
}

/* More waits than a stop has time for: `stop` of the module is called all the same. */
static void too_many(void) {
    char line[256];
    unsigned begun = 0;
    unsigned ended = 0;
    h = start("blocking-many", "blocking_threads = 2\nstop_timeout_ms = 5000\n");
    net_socket s = net_connect(host_port(h, "game"));
    for (uint32_t i = 0; i < MANY; i++) {
        order(s, 400, i);
    }
    host_wait_at_least(h, "blocking_jobs", MANY / 2);
    (void)host_interrupt(h);
    CHECK_INT(host_wait_exit(h, 60000), 0);
    CHECK_INT(host_log_count(h, "jobs that have not begun are dropped: the stop has taken "), 1);
    CHECK(host_try_log_line(h, "jobs begun ", line, sizeof line));
    CHECK_INT(sscanf(strstr(line, "jobs begun "), "jobs begun %u ended %u", &begun, &ended), 2);
    CHECK(begun == ended && begun < MANY);
    net_close(s);
    host_drop(h);
}

SCENARIO(blocking) {
    static const char *const few = "blocking_threads = 2\nblocking_queue = 6\n";
    h = start("blocking", few);
    net_socket s = net_connect(host_port(h, "game"));
    replies(s);
    for (uint32_t i = 0; i < JOBS; i++) {
        order(s, 200, i);
    }
    int refused = collect(s, JOBS);
    printf("%d of %d jobs refused\n", refused, JOBS);
    CHECK(refused > 0 && refused <= JOBS - QUEUE);
    host_wait_figure(h, "blocking_jobs", 0);

    /* Unloading waits for jobs. */
    order(s, 600, 1);
    host_wait_figure(h, "blocking_jobs", 1);
    host_admin(h, "unload blocks", NULL, 0);
    char line[256];
    unsigned begun = 0;
    unsigned ended = 0;
    host_wait_log(h, "jobs begun ", 1);
    host_wait_log_line(h, "jobs begun ", line, sizeof line);
    CHECK_INT(sscanf(strstr(line, "jobs begun "), "jobs begun %u ended %u", &begun, &ended), 2);
    CHECK_INT(begun, ended);
    host_wait_figure(h, "blocking_jobs", 0);
    net_close(s);
    host_stop(h);

    /* A stop with jobs waiting. */
    h = start("blocking-stop", few);
    s = net_connect(host_port(h, "game"));
    for (uint32_t i = 0; i < THREADS + 4; i++) {
        order(s, 400, i);
    }
    host_wait_at_least(h, "blocking_jobs", 4);
    host_stop(h);
    net_close(s);
    too_many();
}

/* greedy.c: a module that takes as much as it can of everything is refused at each limit, with the
 * documented status, a counter and at most one line a second in the log. What the host has accepted
 * arrives whole, what it gives back can be had again, and honest clients are served all the
 * time. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <portico/status.h>

#include <string.h>

enum { TRIES_AFTER = 500 };

typedef struct answer {
    int32_t status;
    uint32_t accepted;
    uint32_t refused;
} answer;

static host *h;
static net_socket greedy;
static net_socket honest;

static answer ask(uint16_t opcode) {
    answer a = {0};
    CHECK_INT(wire_ask(greedy, opcode, NULL, 0, &a, sizeof a), sizeof a);
    wire_expect_echo(honest, WIRE_U16, 1, "still served");
    return a;
}

/* Waits until `count` messages and replies of jobs have arrived, and the rooms have closed. */
static void give_back(uint32_t count) {
    uint32_t arrived = 0;
    for (int i = 0; i < 2000; i++) {
        answer a = ask(20);
        CHECK_INT(a.accepted, a.refused); /* each has all its bytes */
        arrived += a.accepted;
        if (arrived >= count) {
            break;
        }
        clock_sleep_ms(10);
    }
    CHECK_INT(arrived, count);
    host_wait_figure(h, "rooms", 1);
}

/* Twice: what was given back can be had again. */
static answer exceed(uint16_t opcode, portico_status status, uint32_t least, uint32_t most,
                     const char *counter, const char *line, bool arrives) {
    answer a = {0};
    uint64_t start_ms = clock_now_ms();
    for (int i = 0; i < 2; i++) {
        a = ask(opcode);
        CHECK_INT(a.status, status);
        CHECK_INT(a.refused, TRIES_AFTER);
        CHECK(a.accepted >= least && a.accepted <= most);
        give_back(arrives ? a.accepted : 0);
    }
    CHECK_INT(host_figure(h, counter), 2 * TRIES_AFTER);
    host_wait_log(h, line, 1);
    CHECK(host_log_settled(h, line) <= 1 + (int)((clock_now_ms() - start_ms) / 1000));
    return a;
}

static void messages(void) {
    /* 64 KiB each, with a header: 31 of them and not 32 are below 2 MiB. */
    (void)exceed(1, PORTICO_E_BACKLOG, 31, 31, "messages_refused", "a message to session", true);
    host_wait_log_some(h, "session_inbox_limit_bytes = 2097152", 1);
    answer a = ask(2);
    CHECK_INT(a.status, PORTICO_E_BACKLOG);
    CHECK_INT(a.accepted, 47);
    give_back(a.accepted);
    a = ask(3);
    CHECK_INT(a.status, PORTICO_E_BACKLOG);
    CHECK_INT(a.accepted, 63);
    give_back(a.accepted);
    CHECK_INT(host_figure(h, "messages_refused"), 4 * TRIES_AFTER);
    host_wait_figure(h, "message_bytes", 0);
}

/* Behind a full inbox the answer to a request has no data, but it comes. */
static void reply_without_data(void) {
    answer a = ask(10);
    CHECK_INT(a.status, PORTICO_E_BACKLOG);
    CHECK_INT(a.accepted, 0);
    give_back(31);
    host_wait_figure(h, "message_bytes", 0);
}

/* The memory of the module, in timers with data: fewer than max_timers. */
static void memory(void) {
    int64_t before = host_figure(h, "timers_refused");
    answer a = ask(9);
    CHECK_INT(a.status, PORTICO_E_LIMIT);
    CHECK(a.accepted >= 120 && a.accepted < 128);
    CHECK_INT(host_figure(h, "timers_refused"), before + TRIES_AFTER);
    give_back(0);
}

/* The line of the module in `ctl status`. */
static void expect_nothing_kept(void) {
    char line[256];
    for (int i = 0; i < 2000; i++) {
        host_status_line(h, "module greedy ", line, sizeof line);
        CHECK(strstr(line, "/8388608 ") != NULL); /* its own limit */
        if (strstr(line, " timers 0/200 requests 0/50") != NULL &&
            strstr(line, " rooms 1/100 ") != NULL) {
            return;
        }
        clock_sleep_ms(10);
    }
    CHECK_TEXT(line, "module greedy ... rooms 1/100 timers 0/200 requests 0/50");
}

SCENARIO(greedy) {
    host_options options = {
        .name = "greedy",
        .modules = "echo",
        .host_keys = "blocking_threads = 1\nblocking_queue_bytes = 2M\n",
        .module_keys = "max_rooms = 100\nmax_timers = 200\n"
                       "max_requests = 50\nmax_channels = 8\nsession_inbox_limit_bytes = 2M\n"
                       "room_inbox_limit_bytes = 3M\nmodule_inbox_limit_bytes = 4M\n",
        .body = "[module greedy]\nfile = {tests}/greedy{so}\nmemory_limit_bytes = 8M\n",
        .listeners = {{"greedy", "greedy.session", NULL}, {"echo", "echo.session", NULL}},
    };
    h = host_start(&options);
    greedy = net_connect(host_port(h, "greedy"));
    honest = net_connect(host_port(h, "echo"));
    messages();
    reply_without_data();
    (void)exceed(4, PORTICO_E_LIMIT, 99, 99, "rooms_refused", "a room of type greedy.place", false);
    (void)exceed(5, PORTICO_E_LIMIT, 200, 200, "timers_refused", "a timer is refused", false);
    (void)exceed(8, PORTICO_E_LIMIT, 8, 8, "channels_refused", "does not join the channel", false);
    /* One job runs and does not wait, perhaps. */
    (void)exceed(7, PORTICO_E_BACKLOG, 31, 32, "jobs_refused", "a job is refused", true);
    memory();
    expect_nothing_kept();
    answer a = ask(6);
    CHECK_INT(a.status, PORTICO_E_BACKLOG);
    CHECK_INT(a.accepted, 50);
    CHECK_INT(host_figure(h, "requests_refused"), TRIES_AFTER);
    net_close(greedy); /* its requests end with it */
    host_wait_figure(h, "sessions", 1);
    expect_nothing_kept();
    wire_expect_echo(honest, WIRE_U16, 1, "to the end");
    net_close(honest);
    host_wait_log_some(h, "more timers were refused", 1);
    host_stop(h);
}

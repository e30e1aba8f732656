/* memory_limit.c: above [host] memory_limit_bytes new connections are refused, and the sessions
 * with the largest queues are closed: those, and nobody with a smaller one. Honest clients are
 * served all the time. Then everything is accepted again, and ctl is all the time. A limit that is
 * less than workers need is raised. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <string.h>

enum { HOGS = 4, MODEST = 16, PIECE = 32 * 1024, LIMIT = 4 * 1024 * 1024 };

static host *h;
static net_socket honest;

static void expect_echo(void) {
    wire_expect_echo(honest, WIRE_U16, 1, "still served");
}

/* The module keeps its inbox full: nobody can be closed for that, so newcomers are refused. */
static void refuse_newcomers(void) {
    uint8_t answer[64];
    net_socket greedy = net_connect(host_port(h, "greedy"));
    CHECK(wire_ask(greedy, 11, NULL, 0, answer, sizeof answer) > 0);
    CHECK(host_figure(h, "message_bytes") > LIMIT);
    CHECK_INT(host_figure(h, "memory_limit_bytes"), LIMIT);
    net_socket late = net_connect(host_port(h, "echo"));
    CHECK(net_wait_end(late, 20000));
    net_close(late);
    CHECK_INT(host_figure(h, "connections_refused{reason=\"memory_limit_bytes\"}"), 1);
    host_wait_log(h, "refused a connection: [host] memory_limit_bytes is reached", 1);
    for (int i = 0; i < 20; i++) { /* some sweeps */
        expect_echo();
        clock_sleep_ms(50);
    }
    CHECK_INT(host_figure(h, "memory_closed"), 0);
    CHECK(wire_ask(greedy, 20, NULL, 0, answer, sizeof answer) > 0);
    host_wait_figure(h, "message_bytes", 0);
    late = net_connect(host_port(h, "echo"));
    wire_expect_echo(late, WIRE_U16, 1, "accepted again");
    net_close(late);
    net_close(greedy);
    host_wait_figure(h, "sessions", 1);
}

/* Sends until the host no longer takes anything, or has closed the connection; reads nothing. */
static void fill(net_socket s, int pieces) {
    static uint8_t piece[PIECE];
    for (int i = 0; i < pieces; i++) {
        if (!wire_send(s, WIRE_U16, 1, piece, sizeof piece)) {
            return;
        }
    }
}

static void close_the_largest(void) {
    net_socket hogs[HOGS];
    net_socket modest = net_connect_narrow(host_port(h, "echo"));
    fill(modest, MODEST); /* much waits for him, but less than for each of the others */
    for (int i = 0; i < HOGS; i++) {
        hogs[i] = net_connect_narrow(host_port(h, "echo"));
        net_set_timeout(hogs[i], 500);
        fill(hogs[i], 400);
        expect_echo();
    }
    host_wait_at_least(h, "memory_closed", 1);
    host_wait_log_some(h, "sessions with the largest queues", 1);
    for (int i = 0; i < 20; i++) {
        expect_echo();
        clock_sleep_ms(50);
    }
    host_wait_at_most(h, "buffer_bytes", LIMIT);
    CHECK(host_figure(h, "memory_closed") <= HOGS);
    for (int i = 0; i < MODEST; i++) { /* nothing of his is lost */
        static uint8_t piece[PIECE];
        uint16_t opcode = 0;
        CHECK_INT(wire_recv(modest, WIRE_U16, &opcode, piece, sizeof piece), PIECE);
    }
    for (int i = 0; i < HOGS; i++) {
        net_close(hogs[i]);
    }
    net_close(modest);
    host_wait_figure(h, "sessions", 1);
    expect_echo();
}

/* What the workers keep for themselves turns nobody away. */
static void tiny(void) {
    host_options options = {
        .name = "memory_limit-tiny",
        .workers = 2,
        .modules = "echo",
        .host_keys = "memory_limit_bytes = 1K\n",
        .listeners = {{"echo", "echo.session", NULL}},
    };
    h = host_start(&options);
    for (int i = 0; i < 3; i++) {
        honest = net_connect(host_port(h, "echo"));
        expect_echo();
        net_close(honest);
        host_wait_figure(h, "sessions", 0);
    }
    CHECK_INT(host_figure(h, "memory_limit_bytes"), 2 * 1024 * 1024);
    host_wait_log(h, "memory_limit_bytes = 1024 is too little for 2 workers: 2097152 applies", 1);
    host_stop(h);
}

SCENARIO(memory_limit) {
    host_options options = {
        .name = "memory_limit",
        .modules = "greedy echo",
        .host_keys = "memory_limit_bytes = 4M\n",
        .module_keys = "module_inbox_limit_bytes = 6M\n",
        .listeners = {{"greedy", "greedy.session", NULL},
                      {"echo", "echo.session",
                       "send_limit_bytes = 64M\nbacklog = drop\nsend_buffer_bytes = 16K\n"}},
    };
    h = host_start(&options);
    honest = net_connect(host_port(h, "echo"));
    expect_echo();
    refuse_newcomers();
    close_the_largest();
    net_close(honest);
    host_stop(h);
    tiny();
}

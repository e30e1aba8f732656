/* admin_held.c: 200 connections that do not know the token, silent or half through a line, keep
 * nobody out: ctl works over TCP and over the local socket, and the host closes them after a
 * second. Wrong tokens are slowed, more each time, and logged a little; the right one is still
 * accepted. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { SILENT = 200, GUESSES = 8, PATIENCE_MS = 30000 };

static char text[65536];

static void held(host *h) {
    static net_socket sockets[SILENT];
    for (int i = 0; i < SILENT; i++) {
        sockets[i] = net_connect(host_port(h, "admin"));
        if (i % 2 == 0) {
            (void)net_send_all(sockets[i], "token half-a-li", 15);
        }
        if (i % 50 == 49) { /* over TCP, on a connection of its own */
            CHECK_INT(host_ctl(h, "status", NULL, text, sizeof text), 0);
            host_drop_admin(h);
            host_admin(h, "status", text, sizeof text);
        }
    }
    for (int i = 0; i < SILENT; i++) {
        CHECK(net_wait_end(sockets[i], PATIENCE_MS));
        net_close(sockets[i]);
    }
    host_status_line(h, "admin ", text, sizeof text);
    CHECK(strstr(text, " unknown 0 ") != NULL && strstr(text, " wrong_tokens 0") != NULL);
    CHECK(strstr(text, " made_way 0 ") == NULL);
}

/* Sends a wrong token. Returns after how many milliseconds the answer came. */
static uint64_t guess(host *h) {
    char answer[256];
    net_socket s = net_connect(host_port(h, "admin"));
    uint64_t begin_ms = clock_now_ms();
    CHECK(wire_send_line(s, "token wrong-wrong-wrong"));
    CHECK(wire_recv_line(s, answer, sizeof answer));
    uint64_t took_ms = clock_now_ms() - begin_ms;
    CHECK(strncmp(answer, "error the token is wrong", 24) == 0);
    net_close(s);
    return took_ms;
}

/* A connection whose token waits is not pushed out by silent ones of the same address. */
static void waiting(host *h) {
    static net_socket sockets[SILENT];
    char answer[256];
    net_socket s = net_connect(host_port(h, "admin"));
    CHECK(wire_send_line(s, "token wrong-wrong-wrong"));
    clock_sleep_ms(100); /* it has arrived, or the test proves less */
    for (int i = 0; i < SILENT; i++) {
        sockets[i] = net_connect(host_port(h, "admin"));
    }
    CHECK(wire_recv_line(s, answer, sizeof answer));
    CHECK(strncmp(answer, "error the token is wrong", 24) == 0);
    net_close(s);
    for (int i = 0; i < SILENT; i++) {
        net_close(sockets[i]);
    }
}

static void guesses(host *h) {
    static const uint64_t least_ms[GUESSES] = {0, 100, 200, 400, 800, 1600, 2000, 2000};
    for (int i = 0; i < GUESSES; i++) {
        CHECK(guess(h) + 20 >= least_ms[i]); /* the clocks tick */
    }
    host_drop_admin(h);
    host_admin(h, "status", text, sizeof text);
    host_status_line(h, "admin ", text, sizeof text);
    CHECK(strstr(text, " wrong_tokens 8") != NULL);
    host_wait_log_some(h, " sent a wrong token;", 1);
    CHECK(host_log_settled(h, " sent a wrong token;") <= GUESSES);
}

/* The answer to every further one waits, so a crowd of guesses at once adds few lines. */
static void crowd(host *h) {
    enum { CROWD = 20 };
    net_socket sockets[CROWD];
    int before = host_log_settled(h, " sent a wrong token;");
    for (int i = 0; i < CROWD; i++) {
        sockets[i] = net_connect(host_port(h, "admin"));
        CHECK(wire_send_line(sockets[i], "token wrong-wrong-wrong"));
    }
    for (int i = 0; i < CROWD; i++) {
        CHECK(net_wait_end(sockets[i], PATIENCE_MS));
        net_close(sockets[i]);
    }
    CHECK(host_log_settled(h, " sent a wrong token;") - before < CROWD);
}

SCENARIO(admin_held) {
    host_options options = {.name = "admin_held", .modules = "echo"};
    host *h = host_start(&options);
    held(h);
    guesses(h);
    crowd(h);
    waiting(h);
    CHECK_INT(host_ctl(h, "status", NULL, text, sizeof text), 0);
    host_stop(h);
}

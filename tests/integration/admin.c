/* admin.c: the admin listener and `portico ctl`: the commands, a wrong token, and garbage. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char text[65536];

static void ctl_status(host *h) {
    CHECK_INT(host_ctl(h, "status", NULL, text, sizeof text), 0);
    static const char *const figures[] = {
        "version ",
        "uptime_s ",
        "workers 4",
        "sessions ",
        "connections_accepted ",
        "received_packets ",
        "connections_closed ",
        "sent_packets ",
        "received_bytes ",
        "sent_bytes ",
        "recv_calls ",
        "batches ",
        "send_calls ",
        "accept_failures 0",
        "packets_rejected{reason=\"frame\"} 0",
        "ops_pending ",
        "packets_rejected{reason=\"unhandled\"} 0",
        "timers ",
        "resident_memory_bytes ",
        "open_fds ",
        "listener game 127.0.0.1:",
        "module_faults 0",
    };
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        const char *at = strstr(text, figures[i]);
        if (at == NULL || (at != text && at[-1] != '\n')) {
            fprintf(stderr, "status has no line \"%s\":\n%s", figures[i], text);
            exit(1);
        }
    }
    char line[256];
    host_status_line(h, "listener game ", line, sizeof line);
    CHECK(strstr(line, " listening sessions 1/7 connections_accepted 1 connections_refused 0") !=
          NULL);
    CHECK(strstr(text, "| ") == NULL);
}

static void ctl_kick(host *h, net_socket s) {
    char id[32];
    char type[64];
    char service[64];
    char peer[64];
    CHECK_INT(host_ctl(h, "sessions", NULL, text, sizeof text), 0);
    const char *at = strstr(text, " echo.session game ");
    CHECK(at != NULL);
    while (at > text && at[-1] != '\n') {
        at--;
    }
    CHECK(sscanf(at, "%31s %63s %63s %63s", id, type, service, peer) == 4);
    CHECK(strncmp(peer, "127.0.0.1:", 10) == 0);
    CHECK_INT(host_ctl(h, "kick", id, text, sizeof text), 0);
    CHECK(net_wait_end(s, 10000));
    host_wait_figure(h, "sessions", 0);
    CHECK_INT(host_ctl(h, "kick", id, text, sizeof text), 1); /* it has gone */
    CHECK_INT(host_ctl(h, "kick", "rubbish", text, sizeof text), 1);
    CHECK_INT(host_ctl(h, "sessions", NULL, text, sizeof text), 0);
    CHECK(strstr(text, "echo.session") == NULL);
}

static void ctl_memory(host *h) {
    static const char *const figures[] = {"allocated_bytes", "kept_bytes", "buffer_bytes",
                                          "message_bytes"};
    static const char *const options[] = {NULL, "--trim"};
    for (size_t i = 0; i < 2; i++) {
        CHECK_INT(host_ctl(h, "memory", options[i], text, sizeof text), 0);
        CHECK(host_figure_of(h, text, "resident_memory_bytes") > 0);
        for (size_t j = 0; j < sizeof figures / sizeof figures[0]; j++) {
            CHECK(host_figure_of(h, text, figures[j]) >= 0);
        }
    }
    CHECK_INT(host_ctl(h, "memory", "now", text, sizeof text), 2);
    CHECK(strstr(text, "usage: memory [--trim]\n") != NULL);
}

static void ctl_others(host *h) {
    CHECK_INT(host_ctl(h, "modules", NULL, text, sizeof text), 0);
    CHECK(strstr(text, "echo 0.1.0 loaded ") != NULL);
    CHECK_INT(host_ctl(h, "dance", NULL, text, sizeof text),
              2); /* wrong usage, reported without asking the host */
    CHECK(strstr(text, "unknown command; the commands are: status, sessions [N]") != NULL);
    CHECK_INT(host_ctl(h, "status", "now", text, sizeof text), 2);
    CHECK(strstr(text, "usage: status\n") != NULL);
    CHECK_INT(host_ctl(h, "load", "nowhere", text, sizeof text), 1);
    CHECK_INT(host_ctl(h, "unload", "nowhere", text, sizeof text), 1);
    CHECK_INT(host_ctl(h, "kick", NULL, text, sizeof text), 2); /* no session given */
    CHECK(strstr(text, "usage: kick ID\n") != NULL);
}

/* Sends `bytes` on a connection of its own, which the host may close. The host must not answer
 * `ok`. */
static void expect_no_ok(host *h, const char *bytes, size_t size) {
    net_socket s = net_connect(host_port(h, "admin"));
    char reply[512];
    net_send_all(s, bytes, size);
    net_half_close(s);
    while (wire_recv_line(s, reply, sizeof reply)) {
        CHECK(strcmp(reply, "ok") != 0);
        CHECK(strncmp(reply, "| ", 2) != 0);
    }
    net_close(s);
    CHECK(host_alive(h));
}

static void uninvited(host *h) {
    static const char *const attempts[] = {
        "status\n",
        "token wrong\nstatus\n",
        "token \nstatus\n",
        "token\nstatus\n",
        "token token-of-the-test\nstatus\n",   /* one byte too short */
        "token token-of-the-testsx\nstatus\n", /* one byte too long */
        "TOKEN token-of-the-tests\nstatus\n",
        "\n\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "\x00\x01\x02\xFF\xFE\n",
        "stop\n",
    };
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        expect_no_ok(h, attempts[i], attempts[i][0] == '\0' ? 6 : strlen(attempts[i]));
    }
    size_t size = 1 << 20;
    char *long_line = malloc(size);
    CHECK(long_line != NULL);
    memset(long_line, 'a', size);
    expect_no_ok(h, long_line, size);
    long_line[size - 1] = '\n';
    expect_no_ok(h, long_line, size);
    uint64_t random = 5;
    for (int i = 0; i < 20; i++) {
        wire_random_bytes(&random, long_line, 4000);
        expect_no_ok(h, long_line, 4000);
    }
    free(long_line);
}

/* A client that knows the token may still mistype a command. */
static void mistyped(host *h) {
    static const char *const commands[] = {"",
                                           "dance",
                                           "kick",
                                           "kick 12x",
                                           "kick -1",
                                           "kick 99999999999999999999",
                                           "load",
                                           "unload",
                                           "status now please",
                                           "unload ../../x",
                                           "token x"};
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (commands[i][0] != '\0') {
            host_try_admin(h, commands[i], text, sizeof text);
        }
    }
    CHECK(!host_try_admin(h, "dance", text, sizeof text));
    CHECK(strstr(text, "unknown command") != NULL);
    host_admin(h, "status", text, sizeof text);
}

SCENARIO(admin) {
    host_options options = {
        .name = "admin",
        .modules = "echo",
        .listeners = {{"game", "echo.session", "max_sessions = 7\n"}},
    };
    host *h = host_start(&options);
    net_socket s = net_connect(host_port(h, "game"));
    wire_expect_echo(s, WIRE_U16, 1, "hello");
    ctl_status(h);
    ctl_kick(h, s);
    net_close(s);
    ctl_memory(h);
    ctl_others(h);
    uninvited(h);
    mistyped(h);
    CHECK_INT(host_ctl(h, "stop", NULL, text, sizeof text), 0);
    host_expect_error(h, "");
    host_finish(h, 0);
}

/* limits.c: max_sessions, max_per_address, packets_per_second, idle_timeout_s, frame_timeout_s and
 * close_timeout_ms do what they say, and a client within the limits notices nothing. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdlib.h>
#include <string.h>

/* N in "... connections_refused N" in the listener's line. */
static long refused(host *h, const char *start) {
    char line[256];
    host_status_line(h, start, line, sizeof line);
    const char *at = strstr(line, " connections_refused ");
    CHECK(at != NULL);
    return strtol(at + sizeof " connections_refused " - 1, NULL, 10);
}

/* The third client is refused while two are connected, and accepted once one has left. */
static void two_at_most(host *h, const char *listener, const char *status_start) {
    uint16_t port = host_port(h, listener);
    net_socket first = net_connect(port);
    net_socket second = net_connect(port);
    wire_expect_echo(first, WIRE_U16, 1, "first");
    wire_expect_echo(second, WIRE_U16, 1, "second");
    net_socket third = net_connect(port);
    CHECK(net_wait_end(third, 10000));
    net_close(third);
    CHECK_INT(refused(h, status_start), 1);
    wire_expect_echo(first, WIRE_U16, 1, "still here");
    net_close(second);
    host_wait_figure(h, "sessions", 1);
    third = net_connect(port);
    wire_expect_echo(third, WIRE_U16, 1, "third");
    net_close(third);
    net_close(first);
    host_wait_figure(h, "sessions", 0);
    CHECK_INT(refused(h, status_start), 1);
}

static void flood(host *h) {
    net_socket s = net_connect(host_port(h, "flood"));
    for (int i = 0; i < 15; i++) { /* within a burst of 20 */
        wire_expect_echo(s, WIRE_U16, 1, "fine");
    }
    for (int i = 0; i < 100; i++) {
        if (!wire_send(s, WIRE_U16, 1, "too many", 8)) {
            break;
        }
    }
    CHECK(net_wait_end(s, 10000));
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    host_wait_log_some(h, "more packets per second than allowed", 1);

    s = net_connect(
        host_port(h, "flood")); /* a client that keeps to 20 a second is served without end */
    for (int i = 0; i < 30; i++) {
        wire_expect_echo(s, WIRE_U16, 1, "slow");
        clock_sleep_ms(60);
    }
    net_close(s);
    host_wait_figure(h, "sessions", 0);
}

static void idle(host *h) {
    net_socket quiet = net_connect(host_port(h, "idle"));
    net_socket busy = net_connect(host_port(h, "idle"));
    uint64_t start_ms = clock_now_ms();
    wire_expect_echo(quiet, WIRE_U16, 1, "and now nothing");
    bool ended = false;
    while (!ended) {
        CHECK(clock_now_ms() - start_ms < 15000);
        wire_expect_echo(busy, WIRE_U16, 1, "busy");
        ended = net_wait_end(quiet, 200);
    }
    CHECK(clock_now_ms() - start_ms >= 900); /* not before its second is over */
    for (int i = 0; i < 10; i++) {
        wire_expect_echo(busy, WIRE_U16, 1, "still busy");
        clock_sleep_ms(200);
    }
    net_close(quiet);
    net_close(busy);
    host_wait_figure(h, "sessions", 0);
}

static void frame_timeout(host *h) {
    uint8_t header[WIRE_U16];
    net_socket slow = net_connect(host_port(h, "frame"));
    net_socket quiet = net_connect(host_port(h, "frame"));
    uint64_t start_ms = clock_now_ms();
    CHECK(net_send_all(slow, header, wire_header(WIRE_U16, header, 100, 1)));
    for (int i = 0; i < 40 && !net_wait_end(slow, 100); i++) {
        /* Sending a byte now and then does not help. */
        if (!net_send_all(slow, "x", 1)) {
            break;
        }
    }
    CHECK(net_wait_end(slow, 10000));
    CHECK(clock_now_ms() - start_ms >= 900);
    CHECK(clock_now_ms() - start_ms < 10000);
    wire_expect_echo(quiet, WIRE_U16, 1, "no frame was under way");
    net_close(slow);
    net_close(quiet);
    host_wait_figure(h, "sessions", 0);
}

/* A closed session ends in time although its peer does not hang up, and although it had long been
 * open. */
static void close_timeout(host *h) {
    net_socket s = net_connect(host_port(h, "close"));
    wire_expect_echo(s, WIRE_U16, 1, "here");
    clock_sleep_ms(600); /* long enough for two sweeps to see it open */
    uint64_t start_ms = clock_now_ms();
    for (int i = 0; i < 10; i++) {
        CHECK(wire_send(s, WIRE_U16, 1, "too many", 8));
    }
    CHECK(net_wait_end(s, 10000));
    host_wait_figure(h, "sessions", 0);
    CHECK(clock_now_ms() - start_ms < 5000);
    net_close(s);
}

SCENARIO(limits) {
    host_options options = {
        .name = "limits",
        .modules = "echo",
        .listeners =
            {
                {"few", "echo.session", "max_sessions = 2\n"},
                {"address", "echo.session", "max_per_address = 2\n"},
                {"flood", "echo.session", "packets_per_second = 20\n"},
                {"idle", "echo.session", "idle_timeout_s = 1\n"},
                {"frame", "echo.session", "frame_timeout_s = 1\n"},
                {"close", "echo.session", "packets_per_second = 2\nclose_timeout_ms = 200\n"},
            },
    };
    host *h = host_start(&options);
    two_at_most(h, "few", "listener few ");
    two_at_most(h, "address", "listener address ");
    flood(h);
    idle(h);
    frame_timeout(h);
    close_timeout(h);
    host_stop(h);
}

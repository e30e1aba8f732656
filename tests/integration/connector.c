/* connector.c: host B's connector keeps its connections to host A's echo, across a restart of A,
 * with growing pauses between attempts. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char came_back[] = "opcode 12 came back: good day";

static host *start_a(uint16_t port) {
    char body[256];
    snprintf(body, sizeof body,
             "[listener game]\naddress = 127.0.0.1\nport = %u\ntype = echo.session\n", port);
    host_options options = {.name = "connector-a", .modules = "echo", .body = body};
    return host_start(&options);
}

static host *start_b(uint16_t port) {
    char body[256];
    snprintf(
        body, sizeof body,
        "[connector up]\naddress = 127.0.0.1\nport = %u\ntype = greets.session\nmax_sessions = 2\n"
        "reconnect_min_ms = 50\nreconnect_max_ms = 400\n",
        port);
    host_options options = {.name = "connector-b", .modules = "greets", .body = body};
    return host_start(&options);
}

static long service_figure(host *h, const char *name) {
    char line[256];
    char wanted[64];
    host_status_line(h, "connector up ", line, sizeof line);
    snprintf(wanted, sizeof wanted, " %s ", name);
    const char *at = strstr(line, wanted);
    CHECK(at != NULL);
    return strtol(at + strlen(wanted), NULL, 10);
}

static void wait_connected(host *h, long count) {
    uint64_t end_ms = clock_now_ms() + 30000;
    while (service_figure(h, "connected") != count) {
        CHECK(clock_now_ms() < end_ms);
        clock_sleep_ms(10);
    }
}

/* Without growth, two connections that pause 50 ms would fail 80 times in 2 seconds; with pauses
 * growing to 400 ms they fail some 15 times. */
static void pauses_grow(host *b) {
    long before = service_figure(b, "failures");
    clock_sleep_ms(2000); /* this measures what happens within the time */
    long failures = service_figure(b, "failures") - before;
    printf("%ld failed attempts in 2 seconds\n", failures);
    CHECK(failures >= 1);
    CHECK(failures <= 40);
}

SCENARIO(connector) {
    uint16_t port = net_free_port();
    host *a = start_a(port);
    host *b = start_b(port);
    wait_connected(b, 2);
    host_wait_log(b, came_back, 2);
    host_wait_figure(a, "sessions", 2);

    host_stop(a);
    wait_connected(b, 0);
    pauses_grow(b);
    a = start_a(port);
    wait_connected(b, 2);
    host_wait_log(b, came_back, 4);
    host_wait_figure(a, "sessions", 2);

    host_admin(a, "status", NULL, 0);
    host_stop(b); /* this time the client side stops first */
    host_wait_figure(a, "sessions", 0);
    host_stop(a);
}

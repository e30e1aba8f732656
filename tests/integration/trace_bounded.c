/* trace_bounded.c: a client that does not read its trace slows no handler. What does not fit is
 * dropped and counted, and in the end events and drops are all that happened. */
#include "support/check.h"
#include "support/host.h"
#include "support/tracing.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PACKETS = 6000, SIZE = 4000, WINDOW = 16 };

static char line[8192];

static net_socket follow(host *h, uint64_t session) {
    char command[128];
    net_socket s = net_connect_narrow(host_port(h, "admin"));
    host_sign_in(s);
    (void)snprintf(command, sizeof command,
                   "json trace session %llu count 1000000 seconds 3600 payload",
                   (unsigned long long)session);
    CHECK(wire_send_line(s, command));
    CHECK(wire_recv_line(s, line, sizeof line));
    CHECK(strstr(line, "\"trace\":") != NULL);
    return s;
}

/* All packets come back, although nobody reads the trace. */
static void flood(net_socket s) {
    static uint8_t packet[SIZE];
    static uint8_t answer[SIZE];
    uint16_t opcode = 0;
    for (uint32_t i = 0; i < PACKETS + WINDOW; i++) {
        if (i < PACKETS) {
            memcpy(packet, &i, sizeof i);
            CHECK(wire_send(s, WIRE_U16, 9, packet, SIZE));
        }
        if (i >= WINDOW) {
            uint32_t number = 0;
            CHECK_INT(wire_recv(s, WIRE_U16, &opcode, answer, SIZE), SIZE);
            memcpy(&number, answer, sizeof number);
            CHECK_INT(number, i - WINDOW);
        }
    }
}

SCENARIO(trace_bounded) {
    static char text[4096];
    int64_t events = 0;
    int64_t dropped = 0;
    host *h = host_start(&(host_options){.name = "trace_bounded",
                                         .modules = "counts",
                                         .listeners = {{"game", "counts.session", NULL}}});
    net_socket s = net_connect(host_port(h, "game"));
    host_wait_figure(h, "sessions", 1);
    host_admin(h, "json sessions", text, sizeof text);
    const char *at = strstr(text, "\"id\": \"");
    CHECK(at != NULL);
    net_socket trace = follow(h, strtoull(at + strlen("\"id\": \""), NULL, 10));
    flood(s);
    net_close(s);
    for (bool ended = false; !ended;) {
        CHECK(wire_recv_line(trace, line, sizeof line));
        ended = strstr(line, "\"ended\":\"gone\"") != NULL;
        if (ended) {
            CHECK_INT(tracing_number(line, "events"), events);
            CHECK_INT(tracing_number(line, "dropped"), dropped);
        } else if (strstr(line, "\"event\":\"dropped\"") != NULL) {
            CHECK(tracing_number(line, "count") > 0);
            dropped += tracing_number(line, "count");
        } else {
            events++;
        }
    }
    CHECK(dropped > 0);
    CHECK_INT(events + dropped, 2 * PACKETS + 1); /* in, out, and at last close */
    CHECK(wire_recv_line(trace, line, sizeof line));
    CHECK_TEXT(line, "ok");
    CHECK(wire_send_line(trace, "kick 1")); /* the connection serves again */
    CHECK(wire_recv_line(trace, line, sizeof line));
    CHECK(strncmp(line, "error ", 6) == 0);
    net_close(trace);
    host_stop(h);
}

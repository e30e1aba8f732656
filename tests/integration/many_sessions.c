/* many_sessions.c: thousands of sessions at once all echo, and an idle one costs the host less than
 * 4 KiB.
 *
 * Natively 10,000, if this process may open that many files. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/process.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>

enum { IDLE_LIMIT_BYTES = 4096, SPARE_HANDLES = 200 };

static int sessions_possible(void) {
    int wanted = scale(10000, 3000);
    int limit = (int)process_raise_handle_limit() - SPARE_HANDLES;
    if (limit < wanted) {
        printf("only %d sessions: this process may not open more files\n", limit);
        return limit;
    }
    return wanted;
}

static net_socket *open_sessions(uint16_t port, int count) {
    net_socket *sockets = calloc((size_t)count, sizeof *sockets);
    CHECK(sockets != NULL);
    for (int i = 0; i < count; i++) {
        sockets[i] = net_connect(port);
    }
    return sockets;
}

static void close_sessions(net_socket *sockets, int count) {
    for (int i = 0; i < count; i++) {
        net_close(sockets[i]);
    }
    free(sockets);
}

static void check_memory(host *h, const char *when, int64_t before, int count,
                         int64_t limit_bytes) {
    int64_t each = (host_figure(h, "resident_memory_bytes") - before) / count;
    printf("%s: %lld bytes per session\n", when, (long long)each);
    CHECK(each < limit_bytes || scale_sanitized());
}

/* All at once: every session has a frame in flight before the first answer is read. */
static void echo_all(const net_socket *sockets, int count, uint16_t round) {
    char text[64];
    char reply[64];
    for (int i = 0; i < count; i++) {
        int size = snprintf(text, sizeof text, "session %d round %d", i, round);
        CHECK(wire_send(sockets[i], WIRE_U16, round, text, (uint32_t)size));
    }
    for (int i = 0; i < count; i++) {
        uint16_t opcode = 0;
        int size = snprintf(text, sizeof text, "session %d round %d", i, round);
        CHECK_INT(wire_recv(sockets[i], WIRE_U16, &opcode, reply, sizeof reply - 1), size);
        reply[size] = '\0';
        CHECK_INT(opcode, round);
        CHECK_TEXT(reply, text);
    }
}

SCENARIO(many_sessions) {
    host_options options = {
        .name = "many_sessions",
        .modules = "echo",
        .listeners = {{"game", "echo.session",
                       "max_sessions = 50000\nlisten_backlog = 4096\naccepts = 64\n"}},
    };
    host *h = host_start(&options);
    uint16_t port = host_port(h, "game");

    /* One-time allocations for the first sessions must not be counted. */
    net_socket *warm = open_sessions(port, 100);
    echo_all(warm, 100, 1);
    close_sessions(warm, 100);
    host_wait_figure(h, "sessions", 0);

    int count = sessions_possible();
    int64_t before = host_figure(h, "resident_memory_bytes");
    net_socket *sockets = open_sessions(port, count);
    host_wait_figure(h, "sessions", count);
    check_memory(h, "before the first packet", before, count, IDLE_LIMIT_BYTES);
    for (uint16_t round = 1; round <= 3; round++) {
        echo_all(sockets, count, round);
    }
    CHECK_INT(host_figure(h, "sessions"), count);
    /* Wine's heap keeps what thousands of packets in flight at once have needed. */
    check_memory(h, "idle after three packets", before, count,
                 scale(IDLE_LIMIT_BYTES, 2 * IDLE_LIMIT_BYTES));
    close_sessions(sockets, count);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

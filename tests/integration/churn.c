/* churn.c: connections opened and dropped one after another, in four ways, leave nothing behind:
 * sessions, operations, handles and memory return to where they were. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { LOST_BYTES = 128 };

typedef struct figures {
    int64_t sessions;
    int64_t ops_pending;
    int64_t handles;
    int64_t memory_bytes;
} figures;

static figures figures_now(host *h) {
    figures f;
    f.sessions = host_figure(h, "sessions");
    f.ops_pending = host_figure(h, "ops_pending");
    f.handles = host_figure(h, "open_fds");
    f.memory_bytes = host_figure(h, "resident_memory_bytes");
    return f;
}

/* Most are reset: orderly ends would leave 50,000 ports in TIME_WAIT on this side. */
static void connect_and_drop(uint16_t port, int i) {
    net_socket s = net_connect(port);
    uint8_t header[WIRE_U16];
    size_t size = wire_header(WIRE_U16, header, 100, 1);
    switch (i % 4) {
    case 0: net_reset(s); break;
    case 1: net_close(s); break;
    case 2:
        CHECK(net_send_all(s, header, size)); /* a frame that never ends */
        net_reset(s);
        break;
    default:
        CHECK(wire_send(s, WIRE_U16, 1, "unread", 6)); /* an answer that nobody reads */
        net_reset(s);
        break;
    }
}

static void churn(host *h, int count) {
    uint16_t port = host_port(h, "game");
    for (int i = 0; i < count; i++) {
        connect_and_drop(port, i);
    }
    wire_expect_echo(net_connect(port), WIRE_U16, 5, "still there");
}

SCENARIO(churn) {
    host_options options = {
        .name = "churn",
        .modules = "counts",
        .listeners = {{"game", "counts.session", "max_sessions = 50000\n"}},
    };
    host *h = host_start(&options);
    int count = scale(50000, 1000);
    churn(h, scale(25000, 1500)); /* one-time allocations have happened by then */
    host_wait_figure(h, "sessions", 1);
    figures before = figures_now(h);

    churn(h, count);
    host_wait_figure(h, "sessions", before.sessions + 1);
    host_wait_at_most(h, "ops_pending",
                      before.ops_pending + 2); /* those of the one additional session */
    figures after = figures_now(h);
    printf("before: ops %lld handles %lld memory %lld\nafter:  ops %lld handles %lld memory %lld\n",
           (long long)before.ops_pending, (long long)before.handles, (long long)before.memory_bytes,
           (long long)after.ops_pending, (long long)after.handles, (long long)after.memory_bytes);
    /* One session more. Under Wine each of the four workers gets a handle with its first send. A
     * leak would be hundreds. */
    CHECK(after.handles <= before.handles + scale(2, 6));
    /* At first the allocator keeps filling its gaps, by 20 to 70 bytes a connection, later by none.
     * A session is several times larger; the address sanitizer's leak check finds anything
     * smaller. */
    CHECK((after.memory_bytes - before.memory_bytes) / count < LOST_BYTES || count < 10000 ||
          scale_sanitized());
    printf("opened %lld, accepts failed %lld\n", (long long)host_figure(h, "connections_accepted"),
           (long long)host_figure(h, "accept_failures"));
    /* They did reach the host. Those that are reset at once may be gone before they are
     * accepted. */
    CHECK(host_figure(h, "connections_accepted") >= count / 4 * 3);
    CHECK_INT(host_figure(h, "connections_accepted") - host_figure(h, "connections_closed"), 2);

    host_interrupt(h);
    CHECK_INT(host_wait_exit(h, 60000), 0);
    char line[256];
    unsigned opened = 0;
    unsigned closed = 0;
    host_wait_log_line(h, "opened ", line, sizeof line);
    CHECK(sscanf(strstr(line, "opened "), "opened %u closed %u", &opened, &closed) == 2);
    CHECK_INT(opened, closed);
    CHECK(opened >= (unsigned)count / 4 * 3);
    host_wait_log(h, "wrong 0", 1);
    host_finish(h, 0);
}

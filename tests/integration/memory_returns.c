/* memory_returns.c: when most of many rooms have closed, the memory that they took is no longer
 * counted, and the process gives it back to the system, although some rooms between them stay. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { ROOMS = 4000, ROOM_BYTES = 8000, LEFT = ROOMS / 64 + 2, MEGABYTE = 1000 * 1000 };

static host *h;

/* Of the module, by its line in `ctl status`. */
static long counted_bytes(void) {
    char line[256];
    long bytes = 0;
    host_status_line(h, "module greedy ", line, sizeof line);
    CHECK(sscanf(line, "module greedy memory_bytes %ld/", &bytes) == 1);
    return bytes;
}

/* Sanitizers keep what is freed, and Wine reports nothing that could be compared. */
static bool is_measured(void) {
#if defined(_WIN32)
    return false;
#else
    return !scale_sanitized();
#endif
}

SCENARIO(memory_returns) {
    host_options options = {
        .name = "memory_returns",
        .modules = "greedy",
        .module_keys = "max_rooms = 4001\n",
        .listeners = {{"greedy", "greedy.session", NULL}},
    };
    h = host_start(&options);
    uint8_t answer[64];
    net_socket s = net_connect(host_port(h, "greedy"));
    host_wait_figure(h, "rooms", 1);
    int64_t start = host_figure(h, "resident_memory_bytes");
    long counted = counted_bytes();
    CHECK(wire_ask(s, 4, NULL, 0, answer, sizeof answer) > 0);
    host_wait_figure(h, "rooms", ROOMS + 1);
    CHECK(counted_bytes() >= counted + ROOMS * ROOM_BYTES);
    if (is_measured()) {
        CHECK(host_figure(h, "resident_memory_bytes") >= start + 30 * MEGABYTE);
    }
    CHECK(wire_ask(s, 12, NULL, 0, answer, sizeof answer) > 0);
    host_wait_at_most(h, "rooms", LEFT);
    CHECK(counted_bytes() <= counted + LEFT * 2 * ROOM_BYTES);
    if (is_measured()) {
        host_wait_at_most(h, "resident_memory_bytes", start + 8 * MEGABYTE);
    }
    net_close(s);
    host_stop(h);
}

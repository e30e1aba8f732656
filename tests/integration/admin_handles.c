/* admin_handles.c: a host that is out of handles still answers ctl, over the local socket and over
 * TCP, again and again and several at once; and silent connections over TCP do not use up what it
 * keeps for that.
 *
 * Only where a test can lower another process's limit. */
#include "support/check.h"
#include "support/host.h"
#include "support/process.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

#if defined(_WIN32)

SCENARIO(admin_handles) {
    printf("skipped: this system limits no process's handles\n");
}

#else

enum { LIMIT = 80, CLIENTS = 120, AGAIN = 10, SILENT = 12 };

static char text[65536];

/* They are true, although nothing can be opened to find them out. Without handles a swap is
 * refused, and changes nothing that would have to be written. */
static void check_figures(host *h) {
    int64_t handles = host_figure(h, "open_fds");
    CHECK(handles >= LIMIT - 8 && handles <= LIMIT + 8); /* it may have inherited some more */
    CHECK(host_figure(h, "resident_memory_bytes") > 1 << 20);
    host_expect_error(h, "echo is not swapped");
    CHECK(!host_try_admin(h, "swap --force echo", text, sizeof text));
    CHECK(strstr(text, "Too many open files") != NULL);
}

static void answers(host *h) {
    for (int i = 0; i < AGAIN; i++) {
        CHECK_INT(host_ctl(h, i % 2 == 0 ? "status" : "modules", NULL, text, sizeof text), 0);
        host_drop_admin(h);
        host_admin(h, "faults", text, sizeof text);
    }
}

SCENARIO(admin_handles) {
    host_options options = {
        .name = "admin_handles",
        .modules = "echo",
        .listeners = {{"game", "echo.session", "accepts = 4\n"}},
        .handle_limit = LIMIT,
    };
    host *h = host_start(&options);
    net_socket clients[CLIENTS];
    net_socket silent[SILENT];
    for (int i = 0; i < CLIENTS; i++) { /* those above the limit wait in the backlog */
        clients[i] = net_connect(host_port(h, "game"));
    }
    host_wait_log(h, "accepting fails", 1);
    answers(h);
    for (int i = 0; i < SILENT; i++) {
        silent[i] = net_connect(host_port(h, "admin"));
    }
    answers(h);
    check_figures(h);
    wire_expect_echo(clients[0], WIRE_U16, 1, "those who are there");
    CHECK_INT(host_ctl(h, "stop", NULL, text, sizeof text), 0);
    for (int i = 0; i < CLIENTS; i++) {
        net_close(clients[i]);
    }
    for (int i = 0; i < SILENT; i++) {
        net_close(silent[i]);
    }
    host_finish(h, 0);
}

#endif

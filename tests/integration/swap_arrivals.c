/* swap_arrivals.c: what a new generation brings is available at once, also to sessions that came
 * before it: session types (their listeners open), room types, opcodes, messages, and joining
 * another module's type. A rollback removes it. */
#include "support/check.h"
#include "support/clock.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <portico/status.h>

#include <stdio.h>
#include <string.h>

static host *h;

static void expect_extra(const char *state) {
    host_wait_status_line(h, "listener extra ", state);
}

/* The session type "extra", the room type "place", the opcodes 12 and 13 and a message. */
static void types(void) {
    net_socket s = swaps_connect(h, "game", 2);
    expect_extra(" waiting ");
    CHECK_INT(wire_ask_status(s, 4, "hall"), PORTICO_OK);
    swaps_to(h, "swapped", "swapped_3", NULL, 0);
    expect_extra(" listening ");
    net_socket e = net_connect(host_port(h, "extra"));
    CHECK_INT(swaps_ask_world(e).generation, 3);
    CHECK_INT(swaps_ask(s, 12, 0).generation, 3);
    net_close(e);
    host_wait_figure(h, "sessions", 1);
    swaps_back(h, "swapped");
    expect_extra(" waiting ");
    swaps_back(h, "swapped");
    expect_extra(" listening ");
    net_close(s);
    host_wait_figure(h, "sessions", 0);
}

/* Opcodes and messages that the first generation did not have. Opcodes of no module are dropped. */
static void handlers(void) {
    swaps_to(h, "swapped", "swapped", NULL, 0);
    net_socket s = swaps_connect(h, "game", 1);
    CHECK(wire_send(s, WIRE_U16, 12, "", 0));
    CHECK_INT(swaps_ask(s, 1, 0).packets, 1);
    swaps_to(h, "swapped", "swapped_2", NULL, 0);
    CHECK_INT(swaps_ask(s, 12, 0).packets, 2);
    CHECK_INT(swaps_ask(s, 13, 0).generation, 2);
    swaps_back(h, "swapped");
    CHECK(wire_send(s, WIRE_U16, 12, "", 0));
    CHECK_INT(swaps_ask(s, 1, 0).packets, 3);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
}

/* The guest joins the type in its second generation only: existing sessions get its on_open. */
static void joining(void) {
    char path[1024];
    char command[1100];
    uint32_t opened_by = 0;
    uint32_t figures[2] = {0};
    host_module_path("swapped_lone", path, sizeof path);
    snprintf(command, sizeof command, "load %s", path);
    host_admin(h, command, NULL, 0);
    net_socket s = swaps_connect(h, "game", 1);
    CHECK(wire_send(s, WIRE_U16, 20, "", 0)); /* of no module */
    CHECK_INT(swaps_ask(s, 1, 0).packets, 1);
    swaps_to(h, "swapped_guest", "swapped_guest", NULL, 0);
    CHECK_INT(wire_wait(s, 120, &opened_by, sizeof opened_by), sizeof opened_by);
    CHECK_INT(opened_by, 1);
    CHECK_INT(wire_ask(s, 20, NULL, 0, figures, sizeof figures), sizeof figures);
    CHECK_INT(figures[1], 1);
    host_admin(h, "unload swapped_guest", NULL, 0);
    CHECK_INT(swaps_ask(s, 1, 0).packets, 2);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
}

SCENARIO(swap_arrivals) {
    host_options options = {
        .name = "swap_arrivals",
        .modules = "swapped_no_extra",
        .listeners =
            {
                {"game", "swapped.session", NULL},
                {"extra", "swapped.extra", NULL},
            },
    };
    h = host_start(&options);
    types();
    handlers();
    joining();
    host_stop(h);
}

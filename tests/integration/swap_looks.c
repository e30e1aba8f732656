/* swap_looks.c: a `migrate` that asks for the state of its own room gets none, instead of being
 * called for it again and again. The member stays. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>

SCENARIO(swap_looks) {
    host_options options = {
        .name = "swap_looks",
        .modules = "looks",
        .listeners = {{"looks", "looks.guest", NULL}},
    };
    host *h = host_start(&options);
    char path[1024];
    char command[1100];
    uint32_t value = 0;
    net_socket s = net_connect(host_port(h, "looks"));
    CHECK(wire_send(s, WIRE_U16, 1, NULL, 0)); /* joins */
    CHECK(wire_send(s, WIRE_U16, 2, NULL, 0));
    CHECK_INT(wire_wait(s, 2, &value, sizeof value), sizeof value);
    CHECK_INT(value, 1);
    host_module_path("looks_2", path, sizeof path);
    snprintf(command, sizeof command, "swap looks %s", path);
    host_admin(h, command, NULL, 0);
    CHECK(wire_send(s, WIRE_U16, 2, NULL, 0));
    CHECK_INT(wire_wait(s, 2, &value, sizeof value), sizeof value);
    CHECK_INT(value, 102);
    net_close(s);
    host_stop(h);
}

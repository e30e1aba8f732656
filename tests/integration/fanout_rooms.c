/* fanout_rooms.c: a user of the chat who goes from room to room pays for what the rooms say about
 * it, and is slowed; the others, to whom a room says as much in its own name, are not. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <string.h>

enum { CROWD = 20, HOPS = 40, LINE = 4096 };

static char line[LINE];

static net_socket person(host *h, const char *name) {
    char command[64];
    net_socket s = net_connect(host_port(h, "talk"));
    (void)snprintf(command, sizeof command, "/name %s", name);
    CHECK(wire_send_line(s, command));
    CHECK(wire_find_line(s, "* you are now", line, sizeof line));
    return s;
}

SCENARIO(fanout_rooms) {
    static const char keys[] = "framing = line\nfanout_rate = 64K\nover_rate = slow\n";
    host_options options = {
        .name = "fanout_rooms",
        .modules = "chat",
        .listeners = {{"talk", "chat.user", keys}},
    };
    host *h = host_start(&options);
    net_socket crowd[CROWD];
    for (int i = 0; i < CROWD; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "c%d", i);
        crowd[i] = person(h, name);
    }
    net_socket hopper = person(h, "hopper");
    CHECK_INT(host_figure(h, "slowed"), 0);
    for (int i = 0; i < HOPS; i++) {
        CHECK(wire_send_line(hopper, "/join cellar"));
        CHECK(wire_send_line(hopper, "/join lobby"));
    }
    CHECK(wire_send_line(hopper, "/quit"));
    int came = 0; /* nothing of it is lost */
    while (wire_recv_line(hopper, line, sizeof line) && strstr(line, "* good bye") == NULL) {
        came += strcmp(line, "* hopper has come to room cellar") == 0;
    }
    CHECK(strstr(line, "* good bye") != NULL);
    CHECK_INT(came, HOPS);
    CHECK(host_figure(h, "slowed") >= 1);
    CHECK_INT(host_log_count(h, "exceeds fanout_rate"), 1);
    net_close(hopper);
    for (int i = 0; i < CROWD; i++) {
        net_close(crowd[i]);
    }
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

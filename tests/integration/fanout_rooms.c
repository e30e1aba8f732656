/* fanout_rooms.c: a user of the chat who goes from room to room pays for what the rooms say about
 * it, and is slowed; the others, to whom a room says as much in its own name, are not. */
#include "support/check.h"
#include "support/host.h"
#include "support/talkers.h"
#include "support/wire.h"

#include <string.h>

enum { CROWD = 20, HOPS = 40, LINE = 4096 };

static char line[LINE];

SCENARIO(fanout_rooms) {
    static const char keys[] = "framing = line\nfanout_rate = 64K\nover_rate = slow\n";
    host_options options = {
        .name = "fanout_rooms",
        .modules = "chat",
        .listeners = {{"talk", "chat.user", keys}},
    };
    host *h = host_start(&options);
    net_socket crowd[CROWD];
    talkers(h, false, crowd, CROWD);
    net_socket hopper = talker(h, "hopper", false);
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
    host_wait_log(h, "exceeds fanout_rate", 1);
    net_close(hopper);
    talkers_close(crowd, CROWD);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

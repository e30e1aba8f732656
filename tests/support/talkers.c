/* talkers.c: see talkers.h. */
#include "support/talkers.h"

#include "support/check.h"
#include "support/wire.h"

#include <stdio.h>

enum { LINE = 4096 };

net_socket talker(host *h, const char *name, bool narrow) {
    static char line[LINE];
    char command[64];
    uint16_t port = host_port(h, "talk");
    net_socket s = narrow ? net_connect_narrow(port) : net_connect(port);
    (void)snprintf(command, sizeof command, "/name %s", name);
    CHECK(wire_send_line(s, command));
    CHECK(wire_find_line(s, "* you are now", line, sizeof line));
    return s;
}

void talkers(host *h, bool narrow, net_socket *sockets, int count) {
    for (int i = 0; i < count; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "c%d", i);
        sockets[i] = talker(h, name, narrow);
    }
}

void talkers_close(const net_socket *sockets, int count) {
    for (int i = 0; i < count; i++) {
        net_close(sockets[i]);
    }
}

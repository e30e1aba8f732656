/* forks.c: a module starts another program, which inherits nothing of the host's; and it copies the
 * process by fork(), which does not keep the host's port: another host opens it while the copy
 * lives. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { COUNT = 1, COPY = 2 };

static host *start(const char *name, uint16_t port) {
    char body[256];
    snprintf(body, sizeof body,
             "[listener game]\naddress = 127.0.0.1\nport = %u\ntype = forks.session\n", port);
    host_options options = {.name = name, .modules = "forks", .body = body};
    return host_start(&options);
}

SCENARIO(forks) {
    char path[1100];
    char echoed[1100];
    uint32_t inherited = UINT32_MAX;
    uint16_t port = net_free_port();
    host *h = start("forks", port);
    net_socket s = net_connect(port);
    CHECK_INT(wire_ask(s, COUNT, NULL, 0, &inherited, sizeof inherited), sizeof inherited);
    CHECK_INT(inherited, 0);

    snprintf(path, sizeof path, "%s/let_go", host_folder(h));
    (void)remove(path); /* of an earlier run */
    CHECK_INT(wire_ask(s, COPY, path, (uint32_t)strlen(path), echoed, sizeof echoed), strlen(path));
    net_close(s);
    host_stop(h);
    h = start("forks_again", port);
    s = net_connect(port);
    file_write(path, "", 0); /* ends both copies */
    CHECK_INT(wire_ask(s, COPY, path, (uint32_t)strlen(path), echoed, sizeof echoed), strlen(path));
    net_close(s);
    host_stop(h);
}

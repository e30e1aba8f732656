/* silent_names.c: the name server does not answer, for half a minute. A swap, an unload and the
 * stop are over before the name of a connector has been given up, so they have not waited for it. */
#include "support/check.h"
#include "support/host.h"
#include "support/silent_server.h"

#include <stdio.h>

enum { QUERY_MS = 20000 };

SCENARIO(silent_names) {
    int server = silent_server_open();
    if (server < 0) {
        printf("skipped: the system does not let the test have a name server of its own\n");
        return;
    }
    host_options options = {.name = "silent_names",
                            .modules = "echo counts",
                            .body = "[connector far]\naddress = peer.example\nport = 7\n"
                                    "type = counts.session\n"};
    host *h = host_start(&options);
    CHECK(silent_server_asked(server, QUERY_MS));
    host_admin(h, "swap --force counts", NULL, 0);
    host_admin(h, "unload counts", NULL, 0);
    CHECK_INT(host_log_settled(h, "cannot keep a connection"), 0);
    host_interrupt(h);
    CHECK_INT(host_wait_exit(h, 60000), 0);
    CHECK_INT(host_log_count(h, "cannot keep a connection"), 0);
    host_finish(h, 0);
    silent_server_close(server);
}

/* websocket_busy.c: a handler takes longer than a silent client is waited for. Its client answers
 * pings, but the host does not read them while the handler runs: the session stays. */
#include "support/check.h"
#include "support/host.h"
#include "support/web.h"

#include <string.h>

enum { SLEEP = 1, SLEEP_MS = 5000 }; /* of dawdles.c; with ping_s = 1 it is gone after 3000 ms */

SCENARIO(websocket_busy) {
    static const uint32_t sleep_ms = SLEEP_MS;
    uint32_t reply = 0;
    host_options options = {
        .name = "websocket_busy",
        .modules = "dawdles",
        .listeners = {{"web", "dawdles.session", "transport = websocket\nping_s = 1\n"}},
    };
    host *h = host_start(&options);
    net_socket s = web_connect(host_port(h, "web"));
    CHECK(web_send_packet(s, SLEEP, &sleep_ms, sizeof sleep_ms));
    CHECK_INT(web_wait(s, SLEEP, &reply, sizeof reply), sizeof reply);
    CHECK_INT(reply, SLEEP_MS);
    net_close(s);
    host_stop(h);
}

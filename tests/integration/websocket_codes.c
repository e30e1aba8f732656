/* websocket_codes.c: the code of the close frame that a client gets, by the reason for which its
 * session is closed: a client that was refused must not take it for an end in order. */
#include "support/check.h"
#include "support/host.h"
#include "support/web.h"

#include <portico/status.h>

enum { CLOSE = 7 }; /* of sizes.c: closes for the reason in it */

static void expect_code(host *h, int32_t reason, int code) {
    net_socket s = web_connect(host_port(h, "web"));
    CHECK(web_send_packet(s, CLOSE, &reason, sizeof reason));
    web_expect_close(s, code);
    net_close(s);
}

SCENARIO(websocket_codes) {
    host_options options = {
        .name = "websocket_codes",
        .modules = "sizes closes_in_handler",
        .listeners = {{"web", "sizes.session", "transport = websocket\n"},
                      {"refuses", "closes_in_handler.refuses", "transport = websocket\n"}},
    };
    host *h = host_start(&options);
    expect_code(h, PORTICO_E_CLOSED, 1000);
    expect_code(h, PORTICO_E_TIMEOUT, 1008);
    expect_code(h, PORTICO_E_UNLOADED, 1001);
    expect_code(h, PORTICO_E_KICKED, 1008);
    expect_code(h, PORTICO_E_FLOOD, 1008);
    expect_code(h, PORTICO_E_FAULT, 1011);
    expect_code(h, PORTICO_E_NO_MEMORY, 1011);
    expect_code(h, PORTICO_E_LIMIT, 1013);
    net_socket s = web_connect(host_port(h, "refuses"));
    web_expect_close(s, 1008);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

/* host_api.c: every function of portico_host does what portico.h says, for right and wrong calls.
 * The module tests/abi/asks_host.c makes the calls. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

SCENARIO(host_api) {
    host_options options = {
        .name = "host_api",
        .modules = "echo",
        .listeners = {{"asks", "asks_host.session", NULL}},
        .body =
            "[module asks_host]\nfile = {tests}/asks_host{so}\nnumber = 42\ncolour = deep blue\n",
    };
    host *h = host_start(&options);
    char modules[1024];
    char text[1024];
    uint16_t opcode = 0;
    host_admin(h, "modules", modules, sizeof modules);
    if (strstr(modules, "asks_host") == NULL) {
        host_try_log_line(h, "not as portico.h says", text, sizeof text);
        fprintf(stderr, "%s\n", text);
    }
    CHECK(strstr(modules, "asks_host") != NULL);
    net_socket s = net_connect(host_port(h, "asks"));
    for (int i = 0; i < 3; i++) {
        CHECK(wire_send(s, WIRE_U16, 1, "ask", 3));
        int64_t size = wire_recv(s, WIRE_U16, &opcode, text, sizeof text - 1);
        CHECK(size >= 0);
        text[size] = '\0';
        CHECK_TEXT(text, "ok");
    }
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    host_expect_error(h, ""); /* wrong calls may be logged as errors */
    host_stop(h);
}

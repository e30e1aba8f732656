/* module_kinds.c: unusual but valid modules: one whose structures are longer than this host knows,
 * one that declares its states' fields, and one in C++
 * where this build has a C++ compiler. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>

static void echo_through(const char *name) {
    char path[1024];
    char body[512];
    host_module_path(name, path, sizeof path);
    if (!file_exists(path)) {
        printf("%s was not built here\n", name);
        return;
    }
    snprintf(body, sizeof body,
             "[listener game]\naddress = 127.0.0.1\nport = 0\ntype = %s.session\n", name);
    host_options options = {.name = "module_kinds", .modules = name, .body = body};
    host *h = host_start(&options);
    net_socket s = net_connect(host_port(h, "game"));
    wire_expect_echo(s, WIRE_U16, 1, "unusual");
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

SCENARIO(module_kinds) {
    echo_through("long_info");
    echo_through("fields");
    echo_through("cpp_module");
}

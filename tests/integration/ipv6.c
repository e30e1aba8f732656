/* ipv6.c: a listener on ::1, and one on :: that also accepts IPv4 clients. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

static void echo_over(const char *address, uint16_t port) {
    net_socket s = net_try_connect(address, port);
    CHECK(s != NET_NONE);
    wire_expect_echo(s, WIRE_U16, 6, "six");
    net_close(s);
}

SCENARIO(ipv6) {
    if (!net_has_address("::1")) {
        printf("skipped: this system has no ::1\n");
        return;
    }
    host_options options = {
        .name = "ipv6",
        .modules = "echo",
        .body = "[listener six]\naddress = ::1\nport = 0\ntype = echo.session\n"
                "[listener both]\naddress = ::\nport = 0\ntype = echo.session\ndual_stack = yes\n"
                "max_per_address = 1\n",
    };
    host *h = host_start(&options);
    CHECK(strncmp(host_address(h, "six"), "[::1]:", 6) == 0);
    echo_over("::1", host_port(h, "six"));
    CHECK(net_try_connect("127.0.0.1", host_port(h, "six")) == NET_NONE);
    host_wait_figure(h, "sessions", 0);
    echo_over("::1", host_port(h, "both"));
    host_wait_figure(h, "sessions", 0);
    echo_over("127.0.0.1", host_port(h, "both"));
    host_wait_figure(h, "sessions", 0);

    net_socket s = net_try_connect("127.0.0.1", host_port(h, "both"));
    CHECK(s != NET_NONE);
    wire_expect_echo(s, WIRE_U16, 6, "mapped");
    char sessions[1024];
    host_admin(h, "sessions", sessions, sizeof sessions);
    CHECK(strstr(sessions, " 127.0.0.1:") != NULL); /* not ::ffff:127.0.0.1 */
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

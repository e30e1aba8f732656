/* 100 accepts in flight take 100 connections, each once. Connections that come before an accept
 * wait for it. */
#include "contract.h"

enum { COUNT = 100 };

static probe accepts[COUNT];
static probe connects[COUNT];
static os_socket *clients[COUNT];

static void check_round(os_port *port, os_socket *listener, const os_address *address,
                        bool accept_first) {
    memset(accepts, 0, sizeof accepts);
    memset(connects, 0, sizeof connects);
    for (int i = 0; i < COUNT && accept_first; i++) {
        CHECK_OK(probe_accept(&accepts[i], listener));
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(probe_connect(&connects[i], port, address, &clients[i]));
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(probe_wait(&connects[i], port));
    }
    for (int i = 0; i < COUNT && !accept_first; i++) {
        CHECK_OK(probe_accept(&accepts[i], listener));
    }
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(probe_wait(&accepts[i], port));
        CHECK(accepts[i].accept.socket != NULL);
        for (int earlier = 0; earlier < i; earlier++) {
            CHECK(accepts[i].accept.socket != accepts[earlier].accept.socket);
            CHECK(accepts[i].accept.peer.port != accepts[earlier].accept.peer.port);
        }
    }
    for (int i = 0; i < COUNT; i++) {
        os_close(clients[i], false);
        os_close(accepts[i].accept.socket, false);
    }
}

SCENARIO(accept_100_in_flight) {
    os_port *port = contract_port();
    os_address address;
    os_socket *listener = contract_listen(port, "127.0.0.1", &address);
    check_round(port, listener, &address, true);
    check_round(port, listener, &address, false);
    os_close(listener, false);
    probe_expect_quiet(port);
    os_port_destroy(port);
}

/* An accept and a connect complete, and both sides agree on the addresses. */
#include "contract.h"

SCENARIO(accept_connect) {
    os_port *port = contract_port();
    os_address address;
    os_socket *listener = contract_listen(port, "127.0.0.1", &address);
    os_socket *client = NULL;
    probe accept = {0};
    probe connect = {0};

    CHECK_OK(probe_accept(&accept, listener));
    probe_expect_quiet(port);
    CHECK_OK(probe_connect(&connect, port, &address, &client));
    CHECK(client != NULL);
    CHECK_OK(probe_wait(&connect, port));
    CHECK_OK(probe_wait(&accept, port));
    os_socket *server = accept.accept.socket;
    CHECK(server != NULL);

    os_address local;
    CHECK_OK(os_socket_address(client, &local));
    CHECK_EQ(accept.accept.peer.family, OS_ADDRESS_IPV4);
    CHECK_EQ(accept.accept.peer.port, local.port);
    CHECK(memcmp(accept.accept.peer.bytes, local.bytes, sizeof local.bytes) == 0);
    CHECK_OK(os_socket_address(server, &local));
    CHECK_EQ(local.port, address.port);

    contract_send(port, client, "hello", 5);
    char text[5];
    contract_recv(port, server, text, 5);
    CHECK(memcmp(text, "hello", 5) == 0);

    os_close(client, false);
    os_close(server, false);
    os_close(listener, false);
    probe_expect_quiet(port);
    os_port_destroy(port);
}

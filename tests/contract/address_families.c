/* Connections over IPv4, IPv6, and IPv4 to an IPv6 listener with dual_stack. */
#include "contract.h"

/* Connects from `host` to the listener's port; writes the peer as the listener sees it. False: this
 * machine has no such way. */
static bool meet(os_port *port, os_socket *listener, const char *host, uint16_t number,
                 char text[OS_ADDRESS_TEXT]) {
    os_address to;
    os_socket *client = NULL;
    probe accept = {0};
    probe connect = {0};
    CHECK_OK(os_address_parse(host, number, &to));
    portico_status status = probe_connect(&connect, port, &to, &client);
    if (status == PORTICO_OK) {
        status = probe_wait(&connect, port);
    }
    if (status == PORTICO_OK) {
        CHECK_OK(probe_accept(&accept, listener));
        CHECK_OK(probe_wait(&accept, port));
        os_address_format(&accept.accept.peer, text);
        os_close(accept.accept.socket, false);
    }
    if (client != NULL) {
        os_close(client, false);
    }
    return status == PORTICO_OK;
}

SCENARIO(address_families) {
    os_port *port = contract_port();
    os_address address;
    char peer[OS_ADDRESS_TEXT];

    os_socket *listener = contract_listen(port, "0.0.0.0", &address);
    CHECK(meet(port, listener, "127.0.0.1", address.port, peer));
    CHECK(strncmp(peer, "127.0.0.1:", 10) == 0);
    os_close(listener, false);

    listener = contract_listen(port, "::1", &address);
    if (listener == NULL) {
        os_port_destroy(port);
        contract_skip("this machine has no IPv6");
        return;
    }
    CHECK(meet(port, listener, "::1", address.port, peer));
    CHECK(strncmp(peer, "[::1]:", 6) == 0);
    os_close(listener, false);

    listener = contract_listen(port, "::", &address);
    CHECK(meet(port, listener, "::1", address.port, peer));
    CHECK(strncmp(peer, "[::1]:", 6) == 0);
    CHECK(meet(port, listener, "127.0.0.1", address.port, peer));
    CHECK(strncmp(peer, "127.0.0.1:", 10) == 0);
    os_close(listener, false);

    os_listen_options only_ipv6 = {.backlog = 5};
    CHECK_OK(os_address_parse("::", 0, &address));
    CHECK_OK(os_listen(port, &address, &only_ipv6, &listener));
    CHECK_OK(os_socket_address(listener, &address));
    CHECK(!meet(port, listener, "127.0.0.1", address.port, peer));
    os_close(listener, false);
    os_port_destroy(port);
}

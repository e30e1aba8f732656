/* Clients that connect and reset before they are accepted do not stop the listener: a good client
 * gets through. */
#include "contract.h"

enum { BAD = 20 };

SCENARIO(accept_after_reset) {
    os_port *port = contract_port();
    os_address address;
    os_socket *listener = contract_listen(port, "127.0.0.1", &address);
    for (int i = 0; i < BAD; i++) {
        probe connect = {0};
        os_socket *client = NULL;
        CHECK_OK(probe_connect(&connect, port, &address, &client));
        CHECK_OK(probe_wait(&connect, port));
        os_close(client, true);
    }
    probe connect = {0};
    os_socket *good = NULL;
    CHECK_OK(probe_connect(&connect, port, &address, &good));
    CHECK_OK(probe_wait(&connect, port));
    contract_send(port, good, "x", 1);

    bool found = false;
    for (int i = 0; i <= BAD && !found; i++) {
        probe accept = {0};
        CHECK_OK(probe_accept(&accept, listener));
        if (probe_wait(&accept, port) == PORTICO_OK) {
            char byte = 0;
            probe recv = {0};
            if (probe_recv(&recv, accept.accept.socket, &byte, 1) == PORTICO_OK) {
                found = probe_wait(&recv, port) == PORTICO_OK && recv.last.bytes == 1;
            }
            os_close(accept.accept.socket, false);
        } else {
            CHECK(accept.accept.socket == NULL);
        }
    }
    CHECK(found);
    os_close(good, false);
    os_close(listener, false);
    os_port_destroy(port);
}

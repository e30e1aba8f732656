/* os_connect binds to the given local address. */
#include "contract.h"

SCENARIO(connect_from) {
    os_port *port = contract_port();
    os_address address;
    os_address from;
    os_socket *listener = contract_listen(port, "127.0.0.1", &address);
    CHECK_OK(os_address_parse("127.0.0.2", 0, &from)); /* all of 127/8 is this machine */
    probe accept = {0};
    probe connect = {0};
    os_socket *client = NULL;
    CHECK_OK(probe_accept(&accept, listener));
    CHECK_OK(os_connect(port, &address, &from, &connect.accept.op, &client));
    connect.submitted++;
    CHECK_OK(probe_wait(&connect, port));
    CHECK_OK(probe_wait(&accept, port));
    CHECK_EQ(accept.accept.peer.bytes[3], 2);
    os_close(client, false);
    os_close(accept.accept.socket, false);
    os_close(listener, false);

    CHECK_OK(os_address_parse("::1", 0, &from)); /* another family */
    CHECK(os_connect(port, &address, &from, &connect.accept.op, &client) != PORTICO_OK);
    CHECK(client == NULL);
    probe_expect_quiet(port);
    os_port_destroy(port);
}

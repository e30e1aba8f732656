/* A socket that is closed or cancelled while it connects completes its connect once, whatever the
 * network does.
 *
 * 192.0.2.1 is reserved for documentation: most machines wait long for its answer, others report at
 * once that it cannot be reached. Both are fine here.
 */
#include "contract.h"

SCENARIO(close_while_connect_pending) {
    os_port *port = contract_port();
    os_address nowhere;
    CHECK_OK(os_address_parse("192.0.2.1", 9, &nowhere));
    for (int i = 0; i < 20; i++) {
        probe connect = {0};
        os_socket *socket = NULL;
        if (probe_connect(&connect, port, &nowhere, &socket) != PORTICO_OK) {
            continue;
        }
        if (i % 2 == 0) {
            os_cancel(socket, &connect.accept.op);
            CHECK(probe_wait(&connect, port) != PORTICO_OK);
            os_close(socket, i % 4 == 0);
        } else {
            os_close(socket, i % 4 == 1);
            CHECK(probe_wait(&connect, port) != PORTICO_OK);
        }
    }
    probe_expect_quiet(port);

    /* The same where the connect can succeed at any moment. */
    os_address address;
    os_socket *listener = contract_listen(port, "127.0.0.1", &address);
    for (int i = 0; i < 20; i++) {
        probe connect = {0};
        os_socket *socket = NULL;
        CHECK_OK(probe_connect(&connect, port, &address, &socket));
        os_close(socket, i % 2 == 0);
        probe_wait(&connect, port);
        CHECK_EQ(connect.completed, 1);
    }
    os_close(listener, false);
    probe_expect_quiet(port);
    os_port_destroy(port);
}

/* A connect to a port where nothing listens is refused, by the submit or by its completion. */
#include "contract.h"

SCENARIO(connect_refused) {
    os_port *port = contract_port();
    os_address address;
    /* 1 is tcpmux: nothing serves it, and port 0 never becomes it. */
    CHECK_OK(os_address_parse("127.0.0.1", 1, &address));
    for (int i = 0; i < 3; i++) {
        probe connect = {0};
        os_socket *socket = NULL;
        portico_status status = probe_connect(&connect, port, &address, &socket);
        if (status == PORTICO_OK) {
            status = probe_wait(&connect, port);
            os_close(socket, false);
        } else {
            CHECK(socket == NULL);
        }
        CHECK_STATUS(status, PORTICO_E_REFUSED);
    }
    probe_expect_quiet(port);
    os_port_destroy(port);
}

/* A port with a listener is taken; the address of another machine is not ours; port 0 gives a new
 * port. */
#include "contract.h"

static portico_status listen_at(os_port *port, const os_address *address, bool reuse,
                                os_socket **listener) {
    os_listen_options options = {.backlog = 5, .reuse_address = reuse};
    return os_listen(port, address, &options, listener);
}

SCENARIO(address_in_use) {
    os_port *port = contract_port();
    os_address first;
    os_address second;
    os_socket *one = contract_listen(port, "127.0.0.1", &first);
    os_socket *two = contract_listen(port, "127.0.0.1", &second);
    CHECK(first.port != second.port);

    os_socket *none = one;
    CHECK_STATUS(listen_at(port, &first, false, &none), PORTICO_E_ADDRESS_IN_USE);
    CHECK(none == NULL);
    CHECK_STATUS(listen_at(port, &first, true, &none), PORTICO_E_ADDRESS_IN_USE);
    CHECK(os_error() != 0);

    os_address foreign;
    CHECK_OK(os_address_parse("192.0.2.1", 0, &foreign));
    CHECK_STATUS(listen_at(port, &foreign, true, &none), PORTICO_E_ADDRESS);
    os_address nothing = {0};
    CHECK_STATUS(listen_at(port, &nothing, true, &none), PORTICO_E_INVALID);

    os_close(one, false);
    os_close(two, false);
    probe_expect_quiet(port);
    os_port_destroy(port);
}

/* Closing a listener completes all its accepts, each once, and frees the port at once. */
#include "contract.h"

enum { COUNT = 20 };

enum { TRIES = 10 };

/* Closes a listener with accepts in flight. True if its address could be listened on again at once;
 * another process may have taken the port in between, but hardly every time. */
static bool check_close(os_port *port) {
    os_address address;
    os_socket *listener = contract_listen(port, "127.0.0.1", &address);
    static probe accepts[COUNT];
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(probe_accept(&accepts[i], listener));
    }
    probe_expect_quiet(port);
    os_close(listener, false);
    for (int i = 0; i < COUNT; i++) {
        CHECK_STATUS(probe_wait(&accepts[i], port), PORTICO_E_CANCELLED);
        CHECK(accepts[i].accept.socket == NULL);
    }
    probe_expect_quiet(port);

    os_listen_options options = {.backlog = 1};
    portico_status status = os_listen(port, &address, &options, &listener);
    if (status == PORTICO_OK) {
        os_close(listener, false);
    } else {
        CHECK_STATUS(status, PORTICO_E_ADDRESS_IN_USE);
    }
    return status == PORTICO_OK;
}

SCENARIO(close_while_accept_pending) {
    os_port *port = contract_port();
    bool free_again = false;
    for (int i = 0; i < TRIES && !free_again; i++) {
        free_again = check_close(port);
    }
    CHECK(free_again);
    os_port_destroy(port);
}

/* Out of handles: connects and accepts fail with PORTICO_E_NO_HANDLES, and nothing spins or breaks.
 * When there are handles again, the connection that waited is accepted. Does its work only where
 * the limit is small (ulimit -n 256). */
#include "contract.h"

enum { SOCKETS_MAX = 4096 };

static os_socket *fillers[SOCKETS_MAX];

/* Opens listening sockets until the system has no handles. Returns how many; SOCKETS_MAX: it has
 * plenty. */
static uint32_t fill(os_port *port) {
    os_address any;
    os_listen_options options = {.backlog = 1};
    CHECK_OK(os_address_parse("127.0.0.1", 0, &any));
    for (uint32_t i = 0; i < SOCKETS_MAX; i++) {
        portico_status status = os_listen(port, &any, &options, &fillers[i]);
        if (status != PORTICO_OK) {
            CHECK_STATUS(status, PORTICO_E_NO_HANDLES);
            return i;
        }
    }
    return SOCKETS_MAX;
}

SCENARIO(out_of_handles) {
    os_port *port = contract_port();
    os_address address;
    os_socket *listener = contract_listen(port, "127.0.0.1", &address);
    uint32_t count = fill(port);
    if (count == SOCKETS_MAX) {
        for (uint32_t i = 0; i < count; i++) {
            os_close(fillers[i], false);
        }
        os_close(listener, false);
        os_port_destroy(port);
        contract_skip("the process may have more than 4,096 handles");
        return;
    }
    os_socket *client = NULL;
    probe connect = {0};
    CHECK_STATUS(probe_connect(&connect, port, &address, &client), PORTICO_E_NO_HANDLES);
    CHECK(client == NULL);

    /* One handle for the client, none for its accept. */
    os_close(fillers[--count], false);
    CHECK_OK(probe_connect(&connect, port, &address, &client));
    probe accept = {0};
    portico_status status = probe_accept(&accept, listener);
    CHECK_OK(probe_wait(&connect, port));
    if (status == PORTICO_OK) {
        status = probe_wait(&accept, port);
    }
    CHECK_STATUS(status, PORTICO_E_NO_HANDLES);
    CHECK(accept.accept.socket == NULL);
    probe_expect_quiet(port);

    os_close(fillers[--count], false);
    os_close(fillers[--count], false);
    CHECK_OK(probe_accept(&accept, listener));
    CHECK_OK(probe_wait(&accept, port));
    contract_send(port, client, "k", 1);
    char byte;
    contract_recv(port, accept.accept.socket, &byte, 1);
    CHECK_EQ(byte, 'k');

    os_close(client, false);
    os_close(accept.accept.socket, false);
    while (count > 0) {
        os_close(fillers[--count], false);
    }
    os_close(listener, false);
    os_port_destroy(port);
}

/* os_close completes a send that the peer does not read, once, and a pending recv with it. */
#include "contract.h"

enum { SIZE = 32 << 20 };

static void check_close(os_port *port, const uint8_t *data, bool reset) {
    pair p = pair_open(port);
    char byte;
    probe recv = {0};
    probe send = {0};
    os_buffer buffer = {.data = data, .size = SIZE};
    CHECK_OK(probe_recv(&recv, p.client, &byte, 1));
    CHECK_OK(probe_send(&send, p.client, &buffer));
    probe_expect_quiet(port);
    os_close(p.client, reset);
    CHECK(probe_wait(&send, port) != PORTICO_OK);
    CHECK_STATUS(probe_wait(&recv, port), PORTICO_E_CANCELLED);
    probe_expect_quiet(port);
    os_close(p.server, true);
}

SCENARIO(close_while_send_pending) {
    os_port *port = contract_port();
    uint8_t *data = calloc(1, SIZE);
    CHECK(data != NULL);
    check_close(port, data, false);
    check_close(port, data, true);
    free(data);
    os_port_destroy(port);
}

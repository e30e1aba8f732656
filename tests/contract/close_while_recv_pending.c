/* os_close completes a pending recv and a pending recv-ready, each once. */
#include "contract.h"

static void check_close(os_port *port, uint32_t capacity, bool reset) {
    pair p = pair_open(port);
    char byte;
    probe recv = {0};
    CHECK_OK(probe_recv(&recv, p.server, capacity > 0 ? &byte : NULL, capacity));
    probe_expect_quiet(port);
    os_close(p.server, reset);
    CHECK_STATUS(probe_wait(&recv, port), PORTICO_E_CANCELLED);
    probe_expect_quiet(port);

    /* The peer sees the end or the reset. */
    CHECK_OK(probe_recv(&recv, p.client, &byte, 1));
    CHECK_STATUS(probe_wait(&recv, port), reset ? PORTICO_E_RESET : PORTICO_OK);
    CHECK_EQ(recv.last.bytes, 0);
    os_close(p.client, false);
}

SCENARIO(close_while_recv_pending) {
    os_port *port = contract_port();
    for (int i = 0; i < 4; i++) {
        check_close(port, i / 2 == 0 ? 1 : 0, i % 2 == 0);
    }
    os_port_destroy(port);
}

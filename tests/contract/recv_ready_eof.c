/* recv-ready completes at the end of the stream, and when the peer resets: idle sessions notice
 * both. */
#include "contract.h"

SCENARIO(recv_ready_eof) {
    os_port *port = contract_port();
    char byte;

    pair p = pair_open(port);
    probe ready = {0};
    CHECK_OK(probe_recv(&ready, p.server, NULL, 0));
    probe_expect_quiet(port);
    os_shutdown(p.client);
    CHECK_OK(probe_wait(&ready, port));
    for (int i = 0; i < 3; i++) { /* the end remains */
        probe recv = {0};
        CHECK_OK(probe_recv(&recv, p.server, &byte, 1));
        CHECK_OK(probe_wait(&recv, port));
        CHECK_EQ(recv.last.bytes, 0);
    }
    pair_close(&p);

    p = pair_open(port);
    CHECK_OK(probe_recv(&ready, p.server, NULL, 0));
    os_close(p.client, true);
    if (probe_wait(&ready, port) == PORTICO_OK) { /* ready: the recv says why */
        probe recv = {0};
        portico_status status = probe_recv(&recv, p.server, &byte, 1);
        status = status == PORTICO_OK ? probe_wait(&recv, port) : status;
        CHECK_STATUS(status, PORTICO_E_RESET);
    } else {
        CHECK_STATUS(ready.last.status, PORTICO_E_RESET);
    }
    os_close(p.server, false);
    os_port_destroy(port);
}

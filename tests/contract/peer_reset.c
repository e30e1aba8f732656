/* A reset by the peer completes a waiting recv with PORTICO_E_RESET. */
#include "contract.h"

SCENARIO(peer_reset) {
    os_port *port = contract_port();
    pair p = pair_open(port);
    char byte;
    probe recv = {0};
    CHECK_OK(probe_recv(&recv, p.server, &byte, 1));
    probe_expect_quiet(port);
    os_close(p.client, true);
    CHECK_STATUS(probe_wait(&recv, port), PORTICO_E_RESET);
    CHECK(recv.last.system_error != 0);
    char text[128] = "";
    os_error_text(recv.last.system_error, text, sizeof text);
    CHECK(text[0] != '\0');
    os_close(p.server, false);
    probe_expect_quiet(port);
    os_port_destroy(port);
}

/* Sending to a peer that is gone fails with a completion or a refusal; no signal ends the process.
 */
#include "contract.h"

SCENARIO(send_to_gone_peer) {
    os_port *port = contract_port();
    pair p = pair_open(port);
    os_close(p.server, true);
    portico_status status = PORTICO_OK;
    for (int i = 0; i < 1000 && status == PORTICO_OK; i++) {
        os_buffer buffer = {.data = (const uint8_t *)"x", .size = 1};
        probe send = {0};
        status = probe_send(&send, p.client, &buffer);
        status = status == PORTICO_OK ? probe_wait(&send, port) : status;
    }
    CHECK_STATUS(status, PORTICO_E_RESET);
    os_close(p.client, false);
    os_port_destroy(port);
}

/* Every option can be set. A linger of 0 resets on close; a linger of seconds never blocks the
 * thread that closes. */
#include "contract.h"

enum { SIZE = 4 << 20 };

SCENARIO(socket_options) {
    os_port *port = contract_port();
    pair p = pair_open(port);
    os_socket_options all = {.no_delay = true,
                             .keep_alive_s = 60,
                             .linger_s = -1,
                             .send_buffer_bytes = 65536,
                             .recv_buffer_bytes = 65536};
    os_socket_options none = {.linger_s = -1};
    CHECK_OK(os_socket_configure(p.client, &all));
    CHECK_OK(os_socket_configure(p.client, &none));
    contract_send(port, p.client, "1", 1);

    os_socket_options reset = {.linger_s = 0};
    char byte;
    contract_recv(port, p.server, &byte, 1);
    CHECK_OK(os_socket_configure(p.client, &reset));
    os_close(p.client, false);
    probe recv = {0};
    CHECK_OK(probe_recv(&recv, p.server, &byte, 1));
    CHECK_STATUS(probe_wait(&recv, port), PORTICO_E_RESET);
    os_close(p.server, false);

    /* Unsent bytes, a peer that does not read, and a linger longer than the watchdog. */
    p = pair_open(port);
    os_socket_options linger = {.linger_s = 3600};
    CHECK_OK(os_socket_configure(p.client, &linger));
    uint8_t *data = calloc(1, SIZE);
    CHECK(data != NULL);
    os_buffer buffer = {.data = data, .size = SIZE};
    probe send = {0};
    CHECK_OK(probe_send(&send, p.client, &buffer));
    probe_pump(port, CONTRACT_QUIET_MS);
    os_close(p.client, false);
    probe_wait(&send, port);
    CHECK_EQ(send.completed, 1);
    os_close(p.server, true);
    free(data);
    os_port_destroy(port);
}

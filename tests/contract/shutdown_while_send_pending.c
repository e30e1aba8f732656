/* os_shutdown during a send: the peer gets all of it, then the end. */
#include "contract.h"

enum { SIZE = 8 << 20 };

SCENARIO(shutdown_while_send_pending) {
    os_port *port = contract_port();
    pair p = pair_open(port);
    uint8_t *sent = malloc(SIZE);
    uint8_t *got = malloc(SIZE);
    CHECK(sent != NULL && got != NULL);
    contract_pattern(sent, SIZE, 8);
    os_buffer buffer = {.data = sent, .size = SIZE};
    probe send = {0};
    CHECK_OK(probe_send(&send, p.client, &buffer));
    os_shutdown(p.client);
    contract_recv(port, p.server, got, SIZE);
    CHECK(memcmp(got, sent, SIZE) == 0);
    CHECK_OK(probe_wait(&send, port));
    CHECK_EQ(send.last.bytes, SIZE);
    probe recv = {0};
    CHECK_OK(probe_recv(&recv, p.server, got, 1));
    CHECK_OK(probe_wait(&recv, port));
    CHECK_EQ(recv.last.bytes, 0);
    pair_close(&p);
    os_port_destroy(port);
    free(sent);
    free(got);
}

/* A send of 16 MiB to a slow reader stays in flight until the system has taken the last byte. */
#include "contract.h"

enum { SIZE = 16 << 20, PIECE = 50000, NODES = 16 };

SCENARIO(send_large_slow_reader) {
    os_port *port = contract_port();
    pair p = pair_open(port);
    uint8_t *sent = malloc(SIZE);
    uint8_t *got = malloc(SIZE);
    CHECK(sent != NULL && got != NULL);
    contract_pattern(sent, SIZE, 16);
    os_socket_options options = {
        .linger_s = -1, .send_buffer_bytes = 65536, .recv_buffer_bytes = 65536};
    CHECK_OK(os_socket_configure(p.client, &options));
    CHECK_OK(os_socket_configure(p.server, &options));

    os_buffer nodes[NODES];
    for (int i = 0; i < NODES; i++) {
        nodes[i] = (os_buffer){.next = i + 1 < NODES ? &nodes[i + 1] : NULL,
                               .data = sent + i * (SIZE / NODES),
                               .size = SIZE / NODES};
    }
    probe send = {0};
    CHECK_OK(probe_send(&send, p.client, nodes));
    probe_expect_quiet(port); /* far more than the system buffers */
    for (uint32_t at = 0; at < SIZE; at += PIECE) {
        contract_recv(port, p.server, got + at, SIZE - at < PIECE ? SIZE - at : PIECE);
    }
    CHECK_OK(probe_wait(&send, port));
    CHECK_EQ(send.last.bytes, SIZE);
    CHECK(memcmp(got, sent, SIZE) == 0);
    pair_close(&p);
    probe_expect_quiet(port);
    os_port_destroy(port);
    free(sent);
    free(got);
}

/* A recv waits for bytes, finds bytes that wait for it, and takes them in pieces. */
#include "contract.h"

SCENARIO(recv) {
    os_port *port = contract_port();
    pair p = pair_open(port);
    uint8_t sent[1000];
    uint8_t got[1000];
    contract_pattern(sent, sizeof sent, 1);

    probe recv = {0};
    CHECK_OK(probe_recv(&recv, p.server, got, sizeof got));
    probe_expect_quiet(port);
    contract_send(port, p.client, sent, 10);
    CHECK_OK(probe_wait(&recv, port));
    CHECK_EQ(recv.last.bytes, 10);
    CHECK(memcmp(got, sent, 10) == 0);

    contract_send(port, p.client, sent, sizeof sent);
    for (uint32_t at = 0; at < sizeof got; at += 100) {
        contract_recv(port, p.server, got + at, 100);
    }
    CHECK(memcmp(got, sent, sizeof sent) == 0);

    /* The pieces ended with the last byte: the next recv has to wait. */
    CHECK_OK(probe_recv(&recv, p.server, got, 100));
    probe_expect_quiet(port);
    contract_send(port, p.client, sent, 1);
    CHECK_OK(probe_wait(&recv, port));
    CHECK_EQ(recv.last.bytes, 1);

    pair_close(&p);
    os_port_destroy(port);
}

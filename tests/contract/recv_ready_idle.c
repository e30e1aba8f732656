/* Many idle sockets wait with recv-ready. Only those with bytes complete, each once, and not again
 * after all bytes have been read. */
#include "contract.h"

enum { COUNT = 50, ROUNDS = 20 };

static pair pairs[COUNT];
static probe readies[COUNT];

static void check_round(os_port *port, int chosen, uint32_t size) {
    uint8_t sent[64];
    uint8_t got[64];
    contract_pattern(sent, sizeof sent, size);
    contract_send(port, pairs[chosen].client, sent, size);
    CHECK_OK(probe_wait(&readies[chosen], port));
    CHECK_EQ(readies[chosen].last.bytes, 0);
    for (int i = 0; i < COUNT; i++) {
        CHECK_EQ(readies[i].submitted - readies[i].completed, i != chosen);
    }
    /* Still ready: nothing was read. */
    CHECK_OK(probe_recv(&readies[chosen], pairs[chosen].server, NULL, 0));
    CHECK_OK(probe_wait(&readies[chosen], port));

    contract_recv(port, pairs[chosen].server, got, size);
    CHECK(memcmp(got, sent, size) == 0);
    CHECK_OK(probe_recv(&readies[chosen], pairs[chosen].server, NULL, 0));
}

SCENARIO(recv_ready_idle) {
    os_port *port = contract_port();
    for (int i = 0; i < COUNT; i++) {
        pairs[i] = pair_open(port);
        CHECK_OK(probe_recv(&readies[i], pairs[i].server, NULL, 0));
    }
    probe_expect_quiet(port);
    for (int round = 0; round < ROUNDS; round++) {
        check_round(port, (round * 7) % COUNT, 1 + (uint32_t)round);
    }
    probe_expect_quiet(port);
    for (int i = 0; i < COUNT; i++) {
        os_close(pairs[i].server, false); /* first: the client's end would be a success */
        probe_wait(&readies[i], port);
        CHECK(readies[i].last.status != PORTICO_OK);
        os_close(pairs[i].client, false);
    }
    os_port_destroy(port);
}

/* One send gathers 64 buffers of different sizes, some of them empty, in order; 65 are refused. */
#include "contract.h"

enum { NODES = OS_SEND_BUFFERS_MAX };

static uint8_t sent[NODES * NODES];
static uint8_t got[NODES * NODES];
static os_buffer nodes[NODES + 1];

/* Node i has i * factor % (NODES + 1) bytes. Returns the total. */
static uint32_t nodes_fill(uint32_t count, uint32_t factor) {
    uint32_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size = (i + 1) * factor % (NODES + 1);
        nodes[i] = (os_buffer){
            .next = i + 1 < count ? &nodes[i + 1] : NULL, .data = sent + at, .size = size};
        at += size;
    }
    return at;
}

SCENARIO(send_gather) {
    os_port *port = contract_port();
    pair p = pair_open(port);
    contract_pattern(sent, sizeof sent, 64);
    /* 13 divides 65: every fifth buffer is empty */
    for (uint32_t factor = 1; factor <= 13; factor += 4) {
        uint32_t size = nodes_fill(NODES, factor);
        probe send = {0};
        CHECK_OK(probe_send(&send, p.client, nodes));
        CHECK_OK(probe_wait(&send, port));
        CHECK_EQ(send.last.bytes, size);
        contract_recv(port, p.server, got, size);
        CHECK(memcmp(got, sent, size) == 0);
    }
    probe send = {0};
    nodes_fill(NODES + 1, 0);
    CHECK(probe_send(&send, p.client, nodes) != PORTICO_OK);
    pair_close(&p);
    probe_expect_quiet(port);
    os_port_destroy(port);
}

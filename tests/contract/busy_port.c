/* A port that is never empty, because a posted operation posts itself again, holds back no other
 * completion, even for a thread that takes one at a time and is busy for milliseconds in between.
 */
#include "contract.h"

enum { BUSY_MS = 2, ROUNDS_MAX = 200, BYTES = 4 };

SCENARIO(busy_port) {
    os_port *port = contract_port();
    pair p = pair_open(port);
    os_op again = {0};
    os_op recv = {0};
    uint8_t byte = 0;
    uint32_t received = 0;
    contract_send(port, p.client, "abcd", BYTES);
    CHECK_OK(os_port_post(port, &again));
    CHECK_OK(os_recv(p.server, &recv, &byte, 1));
    uint32_t rounds = 0;
    for (; rounds < ROUNDS_MAX && received < BYTES; rounds++) {
        os_completion done;
        CHECK_EQ(os_port_wait(port, &done, 1, UINT32_MAX), 1);
        CHECK_OK(done.status);
        contract_spin(BUSY_MS);
        if (done.op == &again) {
            CHECK_OK(os_port_post(port, &again));
        } else {
            CHECK(done.op == &recv);
            CHECK_EQ(done.bytes, 1);
            CHECK_EQ(byte, 'a' + received);
            if (++received < BYTES) {
                CHECK_OK(os_recv(p.server, &recv, &byte, 1));
            }
        }
    }
    CHECK_EQ(received, BYTES);
    os_completion done;
    CHECK_EQ(os_port_wait(port, &done, 1, UINT32_MAX), 1);
    CHECK(done.op == &again);
    pair_close(&p);
    os_port_destroy(port);
}

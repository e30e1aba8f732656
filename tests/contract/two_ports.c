/* One thread may use two ports, one after the other and alternately; each hands out only its own
 * completions. */
#include "contract.h"

SCENARIO(two_ports) {
    for (int round = 0; round < 20; round++) {
        os_port *a = contract_port();
        os_port *b = contract_port();
        probe post_a = {0};
        probe post_b = {0};
        CHECK_OK(probe_post(&post_a, a));
        CHECK_OK(probe_post(&post_b, b));
        CHECK_OK(probe_wait(&post_b, b));
        CHECK_EQ(post_a.completed, 0);
        CHECK_OK(probe_wait(&post_a, a));

        /* A recv on `a` that completes at once while the thread turns to `b`. */
        pair p = pair_open(a);
        char byte = 0;
        contract_send(a, p.client, "yz", 2);
        contract_recv(a, p.server, &byte, 1);
        probe recv = {0};
        CHECK_OK(probe_recv(&recv, p.server, &byte, 1));
        CHECK_EQ(probe_pump(b, 0), 0);
        CHECK_OK(probe_wait(&recv, a));
        CHECK_EQ(byte, 'z');
        pair_close(&p);
        os_port_destroy(a);
        CHECK_EQ(probe_pump(b, 0), 0);
        os_port_destroy(b);
    }
}

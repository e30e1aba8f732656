/* A thousand connections made, used and closed in every way leave no handle open. */
#include "contract.h"

enum { ROUNDS = 1000, SLACK = 8 };

static void check_round(os_port *port, int round) {
    char byte;
    pair p = pair_open(port);
    probe recv = {0};
    if (round % 3 != 0) {
        CHECK_OK(probe_recv(&recv, p.server, round % 2 == 0 ? &byte : NULL, round % 2 == 0));
    }
    if (round % 5 == 0) {
        contract_send(port, p.client, "b", 1);
    }
    os_close(round % 4 < 2 ? p.client : p.server, round % 2 == 0);
    os_close(round % 4 < 2 ? p.server : p.client, round % 7 == 0);
    probe_wait(&recv, port);
}

SCENARIO(handles_come_back) {
    os_port *port = contract_port();
    check_round(port, 1); /* now everything exists that is created only once */
    os_usage before;
    os_usage after;
    os_process_usage(&before);
    for (int round = 0; round < ROUNDS; round++) {
        check_round(port, round);
    }
    os_process_usage(&after);
    CHECK(after.handles <= before.handles + SLACK);
    os_port_destroy(port);
}

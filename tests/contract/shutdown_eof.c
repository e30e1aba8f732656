/* os_shutdown ends one direction: the peer reads all bytes, then the end, and can still answer. */
#include "contract.h"

SCENARIO(shutdown_eof) {
    os_port *port = contract_port();
    pair p = pair_open(port);
    char text[16];
    probe recv = {0};
    contract_send(port, p.client, "question", 8);
    os_shutdown(p.client);
    probe_expect_quiet(
        /* bytes and end have both arrived before the first recv, which has more room than there are
         * bytes */
        port);
    CHECK_OK(probe_recv(&recv, p.server, text, sizeof text));
    CHECK_OK(probe_wait(&recv, port));
    CHECK_EQ(recv.last.bytes, 8);
    CHECK(memcmp(text, "question", 8) == 0);
    CHECK_OK(probe_recv(&recv, p.server, text, sizeof text));
    CHECK_OK(probe_wait(&recv, port));
    CHECK_EQ(recv.last.bytes, 0);

    contract_send(port, p.server, "answer", 6);
    contract_recv(port, p.client, text, 6);
    CHECK(memcmp(text, "answer", 6) == 0);

    CHECK_OK(probe_recv(&recv, p.client, text, sizeof text));
    probe_expect_quiet(port);
    os_close(p.server, false);
    CHECK_OK(probe_wait(&recv, port));
    CHECK_EQ(recv.last.bytes, 0);
    os_close(p.client, false);
    os_port_destroy(port);
}

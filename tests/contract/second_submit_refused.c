/* While a recv or a send is in flight, a second one is refused, yields no completion and does not
 * disturb the first. */
#include "contract.h"

enum { SIZE = 32 << 20 };

SCENARIO(second_submit_refused) {
    os_port *port = contract_port();
    pair p = pair_open(port);
    uint8_t *data = calloc(1, SIZE);
    CHECK(data != NULL);
    char first = 0;
    char second = 0;
    probe recv = {0};
    probe send = {0};
    probe refused = {0};

    CHECK_OK(probe_recv(&recv, p.client, &first, 1));
    CHECK_STATUS(probe_recv(&refused, p.client, &second, 1), PORTICO_E_STATE);
    CHECK_STATUS(probe_recv(&refused, p.client, NULL, 0), PORTICO_E_STATE);

    os_buffer large = {.data = data, .size = SIZE};
    os_buffer small = {.data = data, .size = 1};
    CHECK_OK(probe_send(&send, p.client, &large));
    probe_expect_quiet(port);
    CHECK_STATUS(probe_send(&refused, p.client, &small), PORTICO_E_STATE);

    contract_send(port, p.server, "1", 1);
    CHECK_OK(probe_wait(&recv, port));
    CHECK_EQ(first, '1');
    CHECK_EQ(second, 0);
    os_close(p.client, true);
    probe_wait(&send, port);
    CHECK_EQ(refused.completed, 0);
    os_close(p.server, true);
    probe_expect_quiet(port);
    os_port_destroy(port);
    free(data);
}

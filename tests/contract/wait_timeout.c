/* os_port_wait waits for its timeout when nothing comes, and returns when something does. */
#include "contract.h"

/* a system may count time in steps of this size and cut the last one short */
enum { TICK_MS = 16 };

static uint64_t wait_ms(os_port *port, uint32_t timeout_ms) {
    uint64_t begin_ns = os_monotonic_ns();
    CHECK_EQ(probe_pump(port, timeout_ms), 0);
    return (os_monotonic_ns() - begin_ns) / 1000000;
}

SCENARIO(wait_timeout) {
    os_port *port = contract_port();
    wait_ms(port, 0);
    wait_ms(port, 1);
    CHECK(wait_ms(port, 50) >= 50 - TICK_MS);
    CHECK(wait_ms(port, 200) >= 200 - TICK_MS);

    probe post = {0};
    CHECK_OK(probe_post(&post, port));
    CHECK_EQ(probe_pump(port, 0), 1);
    CHECK_OK(probe_post(&post, port));
    CHECK_EQ(probe_pump(port, UINT32_MAX), 1);
    wait_ms(port, 0);
    os_port_destroy(port);
}

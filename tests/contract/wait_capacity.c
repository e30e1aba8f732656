/* os_port_wait never writes more than its capacity; the next waits return the rest. */
#include "contract.h"

enum { COUNT = 100, CAPACITY = 7 };

SCENARIO(wait_capacity) {
    os_port *port = contract_port();
    static os_op ops[COUNT];
    bool seen[COUNT] = {false};
    for (int i = 0; i < COUNT; i++) {
        CHECK_OK(os_port_post(port, &ops[i]));
    }
    for (uint32_t total = 0; total < COUNT;) {
        os_completion completions[CAPACITY + 1];
        memset(completions, 0, sizeof completions);
        uint32_t count = os_port_wait(port, completions, CAPACITY, UINT32_MAX);
        CHECK(count >= 1 && count <= CAPACITY);
        CHECK(completions[CAPACITY].op == NULL);
        for (uint32_t i = 0; i < count; i++) {
            size_t at = (size_t)(completions[i].op - ops);
            CHECK(at < COUNT && !seen[at]);
            seen[at] = true;
        }
        total += count;
    }
    probe_expect_quiet(port);
    os_port_destroy(port);
}

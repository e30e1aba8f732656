/* hang_clock.c: a handler that asks for the time for ever is ended after hang_ms, although its
 * thread is nearly always in the code of the clock, which belongs to no module. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>

/* Of each loop the host sees one moment in a hundred in the module's code. Looking once in 250 ms,
 * it would need 25 s for each. */
enum { LOOP = 1, ECHO = 2, ALL_MS = 40000 };

SCENARIO(hang_clock) {
    const host_options options = {
        .name = "hang_clock",
        .module_keys = "hang_ms = 300\nprobation_s = 0\nfault_limit = 0\n",
        .modules = "clocks",
        .listeners = {{"game", "clocks.session", NULL}},
    };
    /* With a sanitizer, the clock is code of the sanitizer, which counts as the host's. */
    int loops = scale_sanitized() ? 0 : scale(6, 2);
    host *h = host_start(&options);
    host_expect_error(h, "clocks");
    host_expect_error(h, "watchdog");
    net_socket other = net_connect(host_port(h, "game"));
    wire_expect_echo(other, WIRE_U16, ECHO, "before");
    uint64_t end_ms = clock_now_ms() + ALL_MS;
    for (int i = 0; i < loops; i++) {
        net_socket s = net_connect(host_port(h, "game"));
        CHECK(wire_send(s, WIRE_U16, LOOP, NULL, 0));
        uint64_t now_ms = clock_now_ms();
        CHECK(now_ms < end_ms && net_wait_end(s, (uint32_t)(end_ms - now_ms)));
        net_close(s);
    }
    host_wait_figure(h, "module_faults", loops);
    wire_expect_echo(other, WIRE_U16, ECHO, "after");
    net_close(other);
    host_stop(h);
}

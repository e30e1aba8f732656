/* stop_twice.c: while a handler hangs, a stop cannot drain. A second Ctrl+C ends the host at once;
 * without one, stop_timeout_ms bounds the wait. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>

static host *start_hanging(const char *name, const char *host_keys) {
    host_options options = {
        .name = name,
        .modules = "hangs",
        .host_keys = host_keys,
        .listeners = {{"game", "hangs.session", NULL}},
    };
    host *h = host_start(&options);
    net_socket s = net_connect(host_port(h, "game"));
    net_socket other = net_connect(host_port(h, "game"));
    CHECK(wire_send(s, WIRE_U16, 1, NULL, 0));
    host_wait_log(h, "hangs now", 1);
    wire_expect_echo(other, WIRE_U16, 2, "others are still served");
    return h; /* the connections end with this process */
}

static void second_interrupt(void) {
    host *h = start_hanging("stop_twice-second", "stop_timeout_ms = 50000\n");
    if (!host_interrupt(h)) {
        printf("the second Ctrl+C is skipped: there is no console for one\n");
        host_drop(h);
        return;
    }
    clock_sleep_ms(1000);
    CHECK(host_alive(h)); /* it waits for the handler */
    host_interrupt(h);
    CHECK(host_wait_exit(h, 40000) != 0); /* not a graceful end, and before stop_timeout_ms */
    host_drop(h);
}

static void timeout(void) {
    host *h = start_hanging("stop_twice-timeout", "stop_timeout_ms = 1500\n");
    uint64_t start_ms = clock_now_ms();
    host_interrupt(h);
    CHECK(host_wait_exit(h, 30000) != 0);
    CHECK(clock_now_ms() - start_ms >= 1400);
    host_wait_log_some(h, "hangs", 2); /* the log names the module that did not return */
    host_drop(h);
}

SCENARIO(stop_twice) {
    timeout();
    second_interrupt();
}

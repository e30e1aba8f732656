/* timer_accuracy.c: the share of ticks within 2 ms of due, 1,000 rooms at 20 Hz, idle and beside an echo load. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/load.h"

#include <stdio.h>

static void measure(net_socket s, load *beside, const char *what) {
    uint64_t f[5] = {0};
    CHECK_INT(wire_ask(s, 2, NULL, 0, f, sizeof f), sizeof f);
    if (beside != NULL) {
        load_run_for(beside, 10000);
    } else {
        clock_sleep_ms(10000);
    }
    CHECK_INT(wire_ask(s, 1, NULL, 0, f, sizeof f), sizeof f);
    printf("%s: %llu ticks, %llu left out, %llu early, %.2f %% within 2 ms, worst %llu us\n", what,
           (unsigned long long)f[0], (unsigned long long)f[1], (unsigned long long)f[3],
           100.0 * (double)f[2] / (double)(f[0] + f[1] > 0 ? f[0] + f[1] : 1), (unsigned long long)f[4]);
}

int main(void) {
    host_options options = {
        .name = "timer_accuracy",
        .modules = "metronome echo",
        .listeners = {{"game", "metronome.session", NULL}, {"echo", "echo.session", NULL}},
    };
    host *h = host_start(&options);
    host_wait_figure(h, "rooms", 1000);
    net_socket s = net_connect(host_port(h, "game"));
    measure(s, NULL, "idle");
    load_options how = {
        .port = host_port(h, "echo"),
        .kind = WIRE_U16,
        .connections = 50,
        .in_flight = 1,
        .payload_min = 32,
        .payload_max = 256,
        .seed = 1,
        .opcode = -1,
    };
    load *beside = load_create(&how);
    measure(s, beside, "50 echo clients");
    printf("%llu echoes\n", (unsigned long long)load_answered(beside));
    load_destroy(beside);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
    return 0;
}

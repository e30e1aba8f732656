/* first_packet.c: a client that sends no whole packet within first_packet_ms is closed, whether it
 * sends nothing or dribbles; one that has sent a packet may be silent afterwards. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

SCENARIO(first_packet) {
    host_options options = {
        .name = "first_packet",
        .modules = "echo",
        .listeners = {{"door", "echo.session", "first_packet_ms = 700\n"},
                      {"open", "echo.session", NULL}},
    };
    host *h = host_start(&options);
    uint8_t header[WIRE_U16];
    net_socket other = net_connect(host_port(h, "open")); /* no limit there */
    net_socket player = net_connect(host_port(h, "door"));
    wire_expect_echo(player, WIRE_U16, 1, "here");
    uint64_t start_ms = clock_now_ms();
    net_socket silent = net_connect(host_port(h, "door"));
    net_socket dribbles = net_connect(host_port(h, "door"));
    CHECK(net_send_all(dribbles, header, wire_header(WIRE_U16, header, 100, 1)));
    for (int i = 0; i < 30 && !net_wait_end(dribbles, 100); i++) {
        if (!net_send_all(dribbles, "x", 1)) {
            break;
        }
    }
    CHECK(net_wait_end(dribbles, 20000));
    CHECK(net_wait_end(silent, 20000));
    CHECK(clock_now_ms() - start_ms >= 600); /* the host's clock may be a little behind */
    CHECK_INT(host_figure(h, "first_packets_missed"), 2);
    host_wait_figure(h, "sessions", 2);
    clock_sleep_ms(1000); /* longer than the limit, which is over for the player */
    wire_expect_echo(player, WIRE_U16, 1, "still here");
    wire_expect_echo(other, WIRE_U16, 1, "late, but welcome");
    net_close(silent);
    net_close(dribbles);
    net_close(other);
    net_close(player);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

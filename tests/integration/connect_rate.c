/* connect_rate.c: one address connects as fast as it can; another one connects and plays all the
 * while, and notices nothing. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

enum { BURST = 5, FLOOD = 60, TRIES = 100 };

/* Whether a connection to the listener is served; it stays open in *s if it is. */
static bool comes_in(host *h, const char *listener, const char *from, const char *to,
                     net_socket *s) {
    uint16_t opcode = 0;
    char reply[8];
    *s = net_try_connect_from(from, to, host_port(h, listener));
    bool served = *s != NET_NONE && wire_send(*s, WIRE_U16, 1, "hello", 5) &&
                  wire_recv(*s, WIRE_U16, &opcode, reply, sizeof reply) == 5;
    if (!served && *s != NET_NONE) {
        net_close(*s);
    }
    return served;
}

/* On a dual-stack listener IPv4 clients count as IPv4: one of ::1 does not pay for them. */
static void check_dual_stack(host *h) {
    net_socket s;
    if (!net_has_address("::1")) {
        return;
    }
    bool refused = false;
    for (int i = 0; i < FLOOD && !refused; i++) {
        refused = !comes_in(h, "both", "127.0.0.1", "127.0.0.1", &s);
        if (!refused) {
            net_close(s);
        }
    }
    CHECK(refused);
    CHECK(comes_in(h, "both", "::1", "::1", &s));
    net_close(s);
}

SCENARIO(connect_rate) {
    host_options options = {
        .name = "connect_rate",
        .modules = "echo",
        .listeners = {{"door", "echo.session", "connect_rate = 1\nconnect_burst = 5\n"}},
        .body = "[listener both]\naddress = ::\nport = 0\ntype = echo.session\ndual_stack = yes\n"
                "connect_rate = 1\nconnect_burst = 2\n",
    };
    host *h = host_start(&options);
    net_socket player;
    net_socket s;
    CHECK(comes_in(h, "door", "127.0.0.2", "127.0.0.1", &player));
    uint64_t start_ms = clock_now_ms();
    int refused = 0;
    for (int i = 0; i < FLOOD; i++) {
        if (comes_in(h, "door", "127.0.0.1", "127.0.0.1", &s)) {
            net_close(s);
        } else {
            refused++;
        }
        if (i % (FLOOD / 4) == 0) {
            CHECK(comes_in(h, "door", "127.0.0.2", "127.0.0.1",
                           &s)); /* a newcomer of another address */
            net_close(s);
        }
        wire_expect_echo(player, WIRE_U16, 1, "undisturbed");
    }
    int64_t let_in = FLOOD - refused;
    int64_t earned = BURST + 1 + (int64_t)(clock_now_ms() - start_ms) / 1000;
    CHECK(let_in >= BURST);
    CHECK(let_in <= earned);
    CHECK_INT(host_figure(h, "connections_refused{reason=\"connect_rate\"}"), refused);
    host_wait_log(h, "connect_rate is reached", 1); /* exactly; the log's thread writes it */

    bool again = false; /* the flood is over: its address comes in again */
    for (int i = 0; i < TRIES && !again; i++) {
        clock_sleep_ms(200);
        again = comes_in(h, "door", "127.0.0.1", "127.0.0.1", &s);
    }
    CHECK(again);
    net_close(s);
    net_close(player);
    check_dual_stack(h);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

/* tls_rates.c: byte_rate also counts what a client of TLS sends beside its packets: requests for
 * new keys cost the host more than packets do. Packets are charged as without TLS. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/tls.h"
#include "support/tls_keys.h"
#include "support/wire.h"

#include <string.h>

enum { UPDATES = 200, ROUNDS_MOST = 100, RATE = 2048 }; /* an update has 27 bytes */

static void update_keys(tls_client *c) {
    for (int i = 0; i < UPDATES; i++) {
        tls_update_keys(c);
    }
}

/* A frame that has exactly what a second allows, in one record and in many. */
static void expect_whole(uint16_t port, size_t piece) {
    static uint8_t sent[RATE];
    static uint8_t received[RATE];
    static uint8_t payload[RATE];
    const tls_options o = {.port = port, .version = 13};
    tls_client *c = tls_connect(&o);
    size_t size = wire_frame(WIRE_U16, sent, 3, payload, RATE - WIRE_U16);
    CHECK_INT(size, RATE);
    for (size_t at = 0; at < size; at += piece) {
        CHECK(tls_send_all(c, sent + at, size - at < piece ? size - at : piece));
    }
    CHECK(tls_recv_exactly(c, received, size));
    CHECK(memcmp(sent, received, size) == 0);
    tls_close(c);
}

SCENARIO(tls_rates) {
    tls_write_pair("tls_rates", TLS_KEY_A);
    host_options options = {
        .name = "tls_rates",
        .modules = "echo",
        .listeners = {{"closed", "echo.session",
                       "tls = yes\ncertificate = c.pem\nkey = k.pem\n"
                       "frame_limit_bytes = 2K\nbyte_rate = 2K\n"},
                      {"slowed", "echo.session",
                       "tls = yes\ncertificate = c.pem\nkey = k.pem\n"
                       "byte_rate = 2K\nover_rate = slow\n"}},
    };
    host *h = host_start(&options);
    expect_whole(host_port(h, "closed"), RATE);
    expect_whole(host_port(h, "closed"), 100);
    host_wait_figure(h, "sessions", 0);
    tls_options o = {.port = host_port(h, "closed"), .version = 13};
    tls_client *c = tls_connect(&o);
    tls_expect_echo(c, 1, "here");
    for (int i = 0; i < ROUNDS_MOST && host_figure(h, "sessions") > 0; i++) {
        update_keys(c); /* a slow machine needs some rounds to exceed the rate */
    }
    CHECK(net_wait_end(tls_socket(c), 20000));
    host_wait_log_some(h, "exceeds byte_rate = 2048: closed", 1);
    tls_cut(c);
    o.port = host_port(h, "slowed");
    c = tls_connect(&o);
    for (int i = 0; i < ROUNDS_MOST && host_figure(h, "slowed") == 0; i++) {
        update_keys(c);
    }
    host_wait_at_least(h, "slowed", 1);
    tls_expect_echo(c, 1, "later");
    tls_close(c);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

/* proxy_tls.c: a PROXY header comes before TLS: in one piece with the ClientHello, with a part of
 * it, or before it. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/tls.h"
#include "support/tls_keys.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

static const char line[] = "PROXY TCP4 198.51.100.7 127.0.0.1 80 81\r\n";
enum { LINE = sizeof line - 1 };

/* The module answers with the address that it sees. */
static void whole(uint16_t port, int version) {
    tls_options o = {.port = port, .version = version, .connected = true};
    uint8_t frame[64];
    o.socket = net_connect(port);
    CHECK(net_send_all(o.socket, line, LINE));
    tls_client *c = tls_connect(&o);
    CHECK(tls_send_all(c, frame, wire_frame(WIRE_U16, frame, 1, "?", 1)));
    CHECK(tls_recv_exactly(c, frame, 19));
    CHECK(memcmp(frame + 4, "198.51.100.7:80", 15) == 0);
    tls_close(c);
}

/* `first` bytes of the header and a ClientHello, and then the others: the host answers with its own
 * part of the handshake. */
static void pieces(uint16_t port, size_t first) {
    uint8_t bytes[4096];
    memcpy(bytes, line, LINE);
    size_t size = LINE + tls_hello_bytes("a.test", bytes + LINE, sizeof bytes - LINE);
    first = first < size ? first : size;
    net_socket s = net_connect(port);
    CHECK(net_send_all(s, bytes, first));
    if (first < size) {
        clock_sleep_ms(20); /* so that it arrives alone */
        CHECK(net_send_all(s, bytes + first, size - first));
    }
    CHECK(net_recv_exactly(s, bytes, 3));
    CHECK_INT(bytes[0], 0x16);
    CHECK_INT(bytes[1], 3);
    net_close(s);
}

SCENARIO(proxy_tls) {
    tls_write_pair("proxy_tls", TLS_KEY_A);
    host_options options = {
        .name = "proxy_tls",
        .body = "[module peers]\nfile = {tests}/peers{so}\n",
        .listeners = {{"game", "peers.session",
                       "tls = yes\ncertificate = c.pem\nkey = k.pem\n"
                       "proxy_protocol = any\nproxy_from = 127.0.0.1\n"}},
    };
    host *h = host_start(&options);
    uint16_t port = host_port(h, "game");
    whole(port, 12);
    whole(port, 13);
    for (size_t first = LINE - 1; first < LINE + 9; first++) {
        pieces(port, first);
    }
    pieces(port, LINE + 100);
    pieces(port, SIZE_MAX); /* all at once */
    whole(port, 0);
    host_wait_figure(h, "sessions", 0);
    net_socket s = net_connect(port); /* TLS without a header */
    CHECK(net_send_all(s, "\x16\3\1", 3));
    CHECK(net_wait_end(s, 20000));
    net_close(s);
    host_wait_log(h, "its PROXY header is refused: there is none", 1);
    host_stop(h);
}

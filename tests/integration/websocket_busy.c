/* websocket_busy.c: a session whose handler takes longer than a silent client is waited for, and
 * one that is read slowly for that long. Their clients answer pings, but the host does not read:
 * the sessions stay. Pings go on, since proxies end connections that are quiet. */
#include "support/check.h"
#include "support/host.h"
#include "support/web.h"

#include <string.h>

/* With ping_s = 1 a silent client is gone after 3000 ms. SLEEP is an opcode of dawdles.c. */
enum { SLEEP = 1, ECHO = 9, SLEEP_MS = 5000, PACKETS = 6, PINGS_LEAST = 2 };

/* Receives so many packets, and answers the pings between them, of which there are some. */
static void expect_and_pings(net_socket s, uint16_t opcode, int packets) {
    uint8_t message[64];
    int pings = 0;
    uint8_t first = 0;
    while (packets > 0) {
        int64_t size = web_recv(s, &first, message, sizeof message);
        CHECK(size >= 0 && (first == WEB_PING || first == WEB_BINARY));
        if (first == WEB_PING) {
            CHECK(web_send(s, WEB_PONG, "", 0));
            pings++;
        } else {
            CHECK_INT(message[0] | message[1] << 8, opcode);
            packets--;
        }
    }
    CHECK(pings >= PINGS_LEAST);
}

static void long_handler(host *h) {
    static const uint32_t sleep_ms = SLEEP_MS;
    net_socket s = web_connect(host_port(h, "sleeps"));
    CHECK(web_send_packet(s, SLEEP, &sleep_ms, sizeof sleep_ms));
    expect_and_pings(s, SLEEP, 1);
    net_close(s);
}

static void slow_reading(host *h) {
    uint8_t frames[PACKETS * 16];
    size_t size = 0;
    net_socket s = web_connect(host_port(h, "slowed"));
    for (int i = 0; i < PACKETS; i++) {
        size += web_frame(frames + size, WEB_BINARY, "\x9\0x", 3);
    }
    CHECK(net_send_all(s, frames, size));
    expect_and_pings(s, ECHO, PACKETS);
    net_close(s);
}

SCENARIO(websocket_busy) {
    host_options options = {
        .name = "websocket_busy",
        .modules = "dawdles echo",
        .listeners =
            {{"sleeps", "dawdles.session", "transport = websocket\nping_s = 1\n"},
             {"slowed", "echo.session",
              "transport = websocket\nping_s = 1\npackets_per_second = 1\nover_rate = slow\n"}},
    };
    host *h = host_start(&options);
    long_handler(h);
    slow_reading(h);
    host_stop(h);
}

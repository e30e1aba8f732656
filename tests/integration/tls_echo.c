/* tls_echo.c: frames of every size come back over TLS 1.2 and 1.3 in every framing, and the modules
 * notice nothing: their sessions open, send, are slowed and close as without. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/tls.h"
#include "support/tls_keys.h"
#include "support/wire.h"

#include <stdlib.h>
#include <string.h>

enum { LARGEST = 1 << 20 };

static uint8_t sent[LARGEST];
static uint8_t received[LARGEST];

static void echo_bytes(tls_client *c, uint32_t size) {
    CHECK(tls_send_all(c, sent, size));
    CHECK(tls_recv_exactly(c, received, size));
    CHECK(memcmp(sent, received, size) == 0);
}

static void echo_frame(tls_client *c, wire_kind kind, uint32_t frame_size, uint64_t *random) {
    wire_random_bytes(random, sent, frame_size);
    (void)wire_header(kind, sent, frame_size, (uint16_t)wire_random(random));
    echo_bytes(c, frame_size);
}

static void echo_sized(uint16_t port, int version, wire_kind kind, uint32_t largest) {
    const tls_options o = {.port = port, .version = version};
    uint64_t random = 7;
    tls_client *c = tls_connect(&o);
    CHECK_TEXT(tls_version(c), version == 12 ? "TLSv1.2" : "TLSv1.3");
    for (uint32_t size = kind; size < (uint32_t)scale(1100, 100); size++) {
        echo_frame(c, kind, size, &random);
    }
    for (uint32_t power = 256; power <= largest; power *= 2) {
        for (uint32_t size = power - 9; size <= power + 9 && size <= largest; size += 3) {
            echo_frame(c, kind, size, &random);
        }
    }
    echo_frame(c, kind, largest, &random);
    tls_close(c);
}

/* Frames that end in the middle of records, and records that end in the middle of frames. */
static void echo_split(uint16_t port, int version) {
    const tls_options o = {.port = port, .version = version};
    uint64_t random = 11;
    tls_client *c = tls_connect(&o);
    uint32_t size = 0;
    while (size < 100000) {
        uint32_t frame = 4 + (uint32_t)(wire_random(&random) % 5000);
        wire_random_bytes(&random, sent + size, frame);
        (void)wire_header(WIRE_U16, sent + size, frame, 3);
        size += frame;
    }
    for (uint32_t at = 0; at < size;) {
        uint32_t part = 1 + (uint32_t)(wire_random(&random) % 3000);
        part = part < size - at ? part : size - at;
        CHECK(tls_send_all(c, sent + at, part));
        at += part;
    }
    CHECK(tls_recv_exactly(c, received, size));
    CHECK(memcmp(sent, received, size) == 0);
    tls_close(c);
}

/* New keys in the middle of the traffic change nothing; a new handshake is refused. */
static void echo_new_keys(uint16_t port) {
    const tls_options o = {.port = port, .version = 13};
    tls_client *c = tls_connect(&o);
    for (int i = 0; i < 50; i++) {
        tls_expect_echo(c, 1, "before the new keys");
        tls_update_keys(c);
    }
    tls_expect_echo(c, 1, "after the last of them");
    tls_close(c);
    const tls_options old = {.port = port, .version = 12};
    c = tls_connect(&old);
    tls_expect_echo(c, 1, "before the handshake");
    tls_renegotiate(c);
    char byte;
    int end = tls_recv_some(c, &byte, 1);
    CHECK(end == NET_BROKEN || end == NET_END);
    tls_cut(c);
}

/* A client that says it is done still gets the answers to what came before. */
static void echo_after_end(uint16_t port) {
    const tls_options o = {.port = port};
    tls_client *c = tls_connect(&o);
    char answer[64];
    CHECK(tls_send_all(c, "one\ntwo\n", 8));
    tls_end(c);
    CHECK(tls_recv_exactly(c, answer, 8));
    CHECK(memcmp(answer, "one\ntwo\n", 8) == 0);
    CHECK_INT(tls_recv_some(c, answer, sizeof answer), NET_END);
    tls_cut(c);
}

static void echo_raw(uint16_t port) {
    const tls_options o = {.port = port};
    uint64_t random = 9;
    tls_client *c = tls_connect(&o);
    for (uint32_t size = 1; size <= 300000; size = size * 2 + 1) {
        wire_random_bytes(&random, sent, size);
        echo_bytes(c, size);
    }
    tls_close(c);
}

SCENARIO(tls_echo) {
    static const char keys[] = "tls = yes\ncertificate = c.pem\nkey = k.pem\n";
    tls_write_pair("tls_echo", TLS_KEY_A);

    char u32_keys[256];
    char line_keys[256];
    char raw_keys[256];
    snprintf(u32_keys, sizeof u32_keys,
             "%sframing = u32\nframe_limit_bytes = 1048576\nsend_limit_bytes = 4M\n", keys);
    snprintf(line_keys, sizeof line_keys, "%sframing = line\n", keys);
    snprintf(raw_keys, sizeof raw_keys, "%sframing = raw\n", keys);
    host_options options = {
        .name = "tls_echo",
        .modules = "echo",
        .listeners = {{"u16", "echo.session", keys},
                      {"u32", "echo.session", u32_keys},
                      {"line", "echo.session", line_keys},
                      {"raw", "echo.session", raw_keys}},
    };
    host *h = host_start(&options);
    for (int version = 12; version <= 13; version++) {
        echo_sized(host_port(h, "u16"), version, WIRE_U16, 65535);
        echo_sized(host_port(h, "u32"), version, WIRE_U32, LARGEST);
        echo_split(host_port(h, "u16"), version);
    }
    echo_new_keys(host_port(h, "u16"));
    echo_after_end(host_port(h, "line"));
    echo_raw(host_port(h, "raw"));
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

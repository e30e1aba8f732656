/* never_reads.c: clients that send and never read cost a bounded amount of memory. With `backlog =
 * close` they are closed at the send limit, with `backlog = drop` they miss packets. Others notice
 * nothing. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { FLOODERS = 8, FRAME = 1000, FLOOD_MAX_BYTES = 64 << 20, MEMORY_LIMIT_BYTES = 16 << 20 };

typedef struct flooder {
    net_socket socket;
    uint8_t frame[FRAME + WIRE_U16];
    size_t sent; /* of the frame */
    int64_t total;
    bool closed;
} flooder;

static void flooder_open(flooder *f, uint16_t port) {
    static const uint8_t payload[FRAME];
    memset(f, 0, sizeof *f);
    f->socket = net_connect_narrow(port);
    wire_frame(WIRE_U16, f->frame, 1, payload, FRAME);
    net_set_nonblocking(f->socket);
}

/* Sends until it would block. False: the connection has ended. */
static bool flooder_push(flooder *f) {
    for (int i = 0; i < 200; i++) {
        int sent = net_send_some(f->socket, f->frame + f->sent, sizeof f->frame - f->sent);
        if (sent == NET_BROKEN) {
            return false;
        }
        if (sent <= 0) {
            return true;
        }
        f->sent = (f->sent + (size_t)sent) % sizeof f->frame;
        f->total += sent;
    }
    return true;
}

/* All flood until each is closed, while another session must keep getting its answers. */
static void flood_until_closed(host *h) {
    flooder flooders[FLOODERS];
    for (int i = 0; i < FLOODERS; i++) {
        flooder_open(&flooders[i], host_port(h, "closes"));
    }
    net_socket other = net_connect(host_port(h, "closes"));
    int64_t before = host_figure(h, "resident_memory_bytes");
    uint64_t end_ms = clock_now_ms() + 60000;
    for (int closed = 0; closed < FLOODERS;) {
        CHECK(clock_now_ms() < end_ms);
        for (int i = 0; i < FLOODERS; i++) {
            flooder *f = &flooders[i];
            if (!f->closed && !flooder_push(f)) {
                f->closed = true;
                closed++;
            }
            CHECK(f->total < FLOOD_MAX_BYTES);
        }
        wire_expect_echo(other, WIRE_U16, 2, "and I?");
        CHECK(host_figure(h, "resident_memory_bytes") - before < MEMORY_LIMIT_BYTES ||
              scale_sanitized());
    }
    host_wait_figure(h, "sessions", 1);
    host_wait_log_some(h, "send_limit_bytes is", FLOODERS);
    for (int i = 0; i < FLOODERS; i++) {
        net_close(flooders[i].socket);
    }
    net_close(other);
    host_wait_figure(h, "sessions", 0);
}

/* Receives what is there and expects it to be consecutive frames without a gap. */
static int flooder_pull(flooder *f, size_t *at) {
    uint8_t bytes[8192];
    int got = net_recv_some(f->socket, bytes, sizeof bytes);
    for (int i = 0; i < got; i++) {
        CHECK_INT(bytes[i], f->frame[*at]);
        *at = (*at + 1) % sizeof f->frame;
    }
    return got;
}

/* With `drop` the session stays open. The client floods until it misses packets, then reads: it
 * receives whole frames, fewer than it sent, and later ones are answered as before. */
static void flood_and_drop(host *h) {
    flooder f;
    size_t at = 0;
    int64_t received = 0;
    flooder_open(&f, host_port(h, "drops"));
    int64_t dropped = host_figure(h, "send_overflows"); /* by the sessions that were closed */
    while (host_figure(h, "send_overflows") == dropped) {
        CHECK(flooder_push(&f));
        CHECK(f.total < FLOOD_MAX_BYTES);
    }
    CHECK_INT(host_figure(h, "sessions"), 1);
    uint64_t quiet_since_ms = clock_now_ms();
    uint64_t end_ms = quiet_since_ms + 30000;
    while (f.sent != 0 ||
           clock_now_ms() - quiet_since_ms < 500) { /* the frame it had started, and all answers */
        CHECK(clock_now_ms() < end_ms);
        if (f.sent != 0) {
            int sent = net_send_some(f.socket, f.frame + f.sent, sizeof f.frame - f.sent);
            CHECK(sent != NET_BROKEN);
            f.total += sent > 0 ? sent : 0;
            f.sent = sent > 0 ? (f.sent + (size_t)sent) % sizeof f.frame : f.sent;
        }
        int got = flooder_pull(&f, &at);
        CHECK(got != NET_END && got != NET_BROKEN);
        if (got > 0) {
            received += got;
            quiet_since_ms = clock_now_ms();
        } else {
            clock_sleep_ms(1);
        }
    }
    printf("sent %lld, received %lld\n", (long long)f.total, (long long)received);
    CHECK_INT(at, 0);
    CHECK(received > 0 && received < f.total);
    CHECK_INT(host_figure(h, "send_overflows") - dropped,
              (f.total - received) / (int64_t)sizeof f.frame);
    net_close(f.socket);
    host_wait_figure(h, "sessions", 0);
}

SCENARIO(never_reads) {
    host_options options = {
        .name = "never_reads",
        .modules = "echo",
        .listeners =
            {
                {"closes", "echo.session", "send_limit_bytes = 256K\n"},
                {"drops", "echo.session", "send_limit_bytes = 256K\nbacklog = drop\n"},
            },
    };
    host *h = host_start(&options);
    flood_until_closed(h);
    flood_and_drop(h);
    host_stop(h);
}

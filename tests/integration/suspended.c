/* suspended.c: a host is suspended for longer than the time limits of its sessions, while packets
 * arrive for it. When it runs again, nobody has been disconnected: those who are idle, those whose
 * frame is half there, those who have yet to send their first packet or to complete their handshake.
 * After that the limits apply again. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/web.h"
#include "support/wire.h"

enum { EACH = 20, SUSPENDED_MS = 4000, WAIT_MS = 20000, SAYING = 7 };

typedef struct crowd {
    net_socket idle[EACH];
    net_socket half[EACH];
    net_socket silent[EACH];
    net_socket shaking[EACH];
    uint8_t frame[64]; /* of those that have sent half of it */
    size_t frame_bytes;
    char request[512]; /* of those that have sent the first bytes of it */
    size_t request_bytes;
} crowd;

static void gather(host *h, crowd *c) {
    c->frame_bytes = wire_frame(WIRE_U16, c->frame, SAYING, "in two halves", 13);
    c->request_bytes = web_request("/", "", c->request, sizeof c->request);
    for (int i = 0; i < EACH; i++) {
        c->idle[i] = net_connect(host_port(h, "idle"));
        c->half[i] = net_connect(host_port(h, "frame"));
        c->silent[i] = net_connect(host_port(h, "first"));
        c->shaking[i] = net_connect(host_port(h, "web"));
        wire_expect_echo(c->idle[i], WIRE_U16, SAYING, "before");
        wire_expect_echo(c->half[i], WIRE_U16, SAYING, "before");
    }
    for (int i = 0; i < EACH; i++) {
        CHECK(net_send_all(c->half[i], c->frame, c->frame_bytes / 2));
        CHECK(net_send_all(c->shaking[i], c->request, 10));
    }
    host_wait_figure(h, "sessions", 4ll * EACH);
}

/* What arrives while the host does not run. */
static void say(crowd *c) {
    for (int i = 0; i < EACH; i++) {
        size_t half = c->frame_bytes / 2;
        CHECK(wire_send(c->idle[i], WIRE_U16, SAYING, "meanwhile", 9));
        CHECK(net_send_all(c->half[i], c->frame + half, c->frame_bytes - half));
        CHECK(wire_send(c->silent[i], WIRE_U16, SAYING, "the first", 9));
        CHECK(net_send_all(c->shaking[i], c->request + 10, c->request_bytes - 10));
    }
}

static void expect_answer(net_socket s, int64_t size) {
    char answer[64];
    uint16_t opcode = 0;
    CHECK_INT(wire_recv(s, WIRE_U16, &opcode, answer, sizeof answer), size);
    CHECK_INT(opcode, SAYING);
}

static void expect_answers(crowd *c) {
    char head[12];
    for (int i = 0; i < EACH; i++) {
        expect_answer(c->idle[i], 9);
        expect_answer(c->half[i], 13);
        expect_answer(c->silent[i], 9);
        CHECK(net_recv_exactly(c->shaking[i], head, sizeof head));
        CHECK(memcmp(head, "HTTP/1.1 101", sizeof head) == 0);
    }
}

SCENARIO(suspended) {
    static crowd c;
    host_options options = {
        .name = "suspended",
        .modules = "echo",
        .listeners = {{"idle", "echo.session", "idle_timeout_s = 3\n"},
                      {"frame", "echo.session", "frame_timeout_s = 3\n"},
                      {"first", "echo.session", "first_packet_ms = 3000\n"},
                      {"web", "echo.session",
                       "transport = websocket\nhandshake_timeout_ms = 3000\n"}},
    };
    host *h = host_start(&options);
    gather(h, &c);
    CHECK(process_suspend_id(host_process_id(h)));
    say(&c);
    clock_sleep_ms(SUSPENDED_MS);
    CHECK(process_resume_id(host_process_id(h)));
    expect_answers(&c);
    host_wait_log(h, "nothing has looked after the sessions for ", 1);
    for (int i = 0; i < EACH; i++) {
        CHECK(net_wait_end(c.idle[i], WAIT_MS)); /* nobody says anything more */
        net_close(c.idle[i]);
        net_close(c.half[i]);
        net_close(c.silent[i]);
        net_close(c.shaking[i]);
    }
    host_stop(h);
}

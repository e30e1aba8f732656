/* websocket_ahead.c: a session that waits for a frozen module has received packets to its last byte
 * of room, and the first of them moves it to a hall. It handles the others there before it receives
 * more: a recv into their memory would outlive it.
 *
 * faulty_guest is frozen, and on_watermark waits for it. A swap of faulty makes the turn try again:
 * it handles a packet, then waits for the same call. What the session receives from then on, it
 * does while it waits. */
#include "support/check.h"
#include "support/faults.h"
#include "support/swaps.h"
#include "support/web.h"

#include <portico/status.h>

#include <string.h>

/* FLOOD_BYTES of send_limit_bytes = 1M: above a half, whatever the system takes. ROOM_BYTES: for
 * what a session has received (wire/buffer.h). There, the packet with the hall's name takes
 * HALL_BYTES, and an echo as many as its frame: as long as it is, its header is as large there. */
enum {
    FLOOD_BYTES = 800000,
    ROOM_BYTES = 16 * 1024,
    HALL_BYTES = 8,
    ECHO_BYTES = 174,
    FRAME_BYTES = 8 + 2 + ECHO_BYTES,
    WAITING = (ROOM_BYTES - HALL_BYTES) / FRAME_BYTES,
    AFTER = 20
};

static const char HALL[] = "hall";

static host *h;
static uint32_t sent; /* echoes */

static void start(void) {
    host_options options = {
        .name = "websocket_ahead",
        .workers = 2,
        .modules = "",
        .module_keys = "probation_s = 3600\n",
        .listeners = {{"web", "faulty.session",
                       "transport = websocket\nsend_limit_bytes = 1M\nsend_buffer_bytes = 16K\n"}},
        .body = "[module faulty]\nfile = {tests}/faulty{so}\n"
                "[module faulty_guest]\nfile = {tests}/faulty_guest{so}\n",
    };
    h = host_start(&options);
    host_expect_error(h, "faulty");
}

/* Returns the session that did it. */
static net_socket freeze_guest(void) {
    uint32_t kind = FAULTY_NULL_WRITE;
    net_socket s = web_connect(host_port(h, "web"));
    CHECK(web_send_packet(s, FAULTY_GUEST_FAULT, &kind, sizeof kind));
    host_wait_log(h, "the module waits for its next build or ctl thaw", 1);
    host_wait_figure(h, "received_packets", 1);
    return s;
}

/* Writes the next echo's frame. */
static void put_echo(uint8_t frame[FRAME_BYTES]) {
    uint8_t payload[ECHO_BYTES] = {0};
    memcpy(payload, &sent, sizeof sent);
    CHECK_INT(web_packet_frame(frame, FAULTY_ECHO, payload, sizeof payload), FRAME_BYTES);
    sent++;
}

static void ask_echo(net_socket s) {
    uint8_t frame[FRAME_BYTES];
    put_echo(frame);
    CHECK(net_send_all(s, frame, sizeof frame));
}

/* The turn parks at on_watermark; then it delivers an echo, and parks there once more. */
static void park_after_packet(net_socket s) {
    enum { TRIES = 50 };
    uint32_t bytes = FLOOD_BYTES;
    CHECK(web_send_packet(s, FAULTY_FLOOD, &bytes, sizeof bytes));
    host_wait_figure(h, "received_packets", 2);
    ask_echo(s);
    for (int i = 0; host_figure(h, "received_packets") < 3; i++) { /* it may not have parked yet */
        CHECK(i < TRIES);
        swaps_to(h, "faulty", i % 2 == 0 ? "faulty_2" : "faulty", NULL, 0);
    }
}

/* The session receives all of that while it waits. */
static void fill(net_socket s) {
    enum { HALL_FRAME_BYTES = HALL_BYTES + 4 };
    static uint8_t frames[WAITING * FRAME_BYTES];
    int64_t received = host_figure(h, "received_bytes");
    CHECK_INT(sizeof frames + HALL_BYTES, ROOM_BYTES);
    CHECK(web_send_packet(s, FAULTY_JOIN, HALL, strlen(HALL)));
    received += HALL_FRAME_BYTES;
    host_wait_figure(h, "received_bytes", received);
    for (uint32_t i = 0; i < WAITING; i++) {
        put_echo(frames + i * FRAME_BYTES);
    }
    CHECK(net_send_all(s, frames, sizeof frames));
    host_wait_figure(h, "received_bytes", received + (int64_t)sizeof frames);
}

static void expect_echo(net_socket s, uint32_t number) {
    faulty_echo echo = {0};
    CHECK_INT(web_wait(s, FAULTY_ECHO, &echo, sizeof echo), sizeof echo);
    CHECK_INT(echo.number, number);
}

SCENARIO(websocket_ahead) {
    int32_t status = -1;
    start();
    net_socket s = net_connect_narrow(host_port(h, "web"));
    web_upgrade(s, "/");
    net_socket other = freeze_guest();
    park_after_packet(s);
    fill(s);
    host_admin(h, "thaw faulty_guest", NULL, 0);
    expect_echo(s, 0);
    CHECK_INT(web_wait(s, FAULTY_JOIN, &status, sizeof status), sizeof status);
    CHECK_INT(status, PORTICO_OK);
    for (uint32_t number = 1; number < sent; number++) {
        expect_echo(s, number);
    }
    for (int i = 0; i < AFTER; i++) {
        ask_echo(s);
        expect_echo(s, sent - 1);
    }
    net_close(s);
    net_close(other);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

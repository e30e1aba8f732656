/* blocked_handler.c: a handler that blocks occupies one worker and nothing else. Sessions whose
 * packets arrived at the same moment, before or after it in that worker's batch, are served by the
 * others.
 *
 * To make the batches large, both workers nap until everything has been sent. Each client sends
 * more than one recv takes, so that the next data of the sessions ahead of it in the batch has
 * already arrived. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

enum { CLIENTS = 200, NAPPING = 2, HANGING = CLIENTS / 2, FRAMES = 40, PAYLOAD = 1000 };
enum { HANGS = 1, ECHOES = 2, NAPS = 3 }; /* the opcodes of hangs.c */

static void send_frames(net_socket s, uint16_t first_opcode) {
    static uint8_t all[FRAMES * (WIRE_U16 + PAYLOAD)];
    static uint8_t payload[PAYLOAD];
    size_t used = 0;
    for (int i = 0; i < FRAMES; i++) {
        payload[0] = (uint8_t)i;
        used += wire_frame(WIRE_U16, all + used, i == 0 ? first_opcode : ECHOES, payload, PAYLOAD);
    }
    CHECK(net_send_all(s, all, used));
}

static void expect_frames(net_socket s) {
    static uint8_t payload[PAYLOAD];
    for (int i = 0; i < FRAMES; i++) {
        uint16_t opcode = 0;
        CHECK_INT(wire_recv(s, WIRE_U16, &opcode, payload, PAYLOAD), PAYLOAD);
        CHECK_INT(opcode, ECHOES);
        CHECK_INT(payload[0], i);
    }
}

SCENARIO(blocked_handler) {
    static net_socket sockets[CLIENTS];
    host_options options = {
        .name = "blocked_handler",
        .workers = 2,
        .modules = "hangs",
        .listeners = {{"game", "hangs.session", NULL}},
    };
    host *h = host_start(&options);
    for (int i = 0; i < CLIENTS; i++) {
        sockets[i] = net_connect(host_port(h, "game"));
    }
    host_wait_figure(h, "sessions", CLIENTS);
    for (int i = 0; i < NAPPING; i++) {
        CHECK(wire_send(sockets[i], WIRE_U16, NAPS, "x", 1));
    }
    host_wait_log(h, "naps now", NAPPING);
    for (int i = 0; i < CLIENTS; i++) {
        send_frames(sockets[i], i == HANGING ? HANGS : ECHOES);
    }
    for (int i = 0; i < CLIENTS; i++) {
        if (i < NAPPING) {
            uint16_t opcode = 0;
            char reply = 0;
            CHECK_INT(wire_recv(sockets[i], WIRE_U16, &opcode, &reply, 1), 1);
            CHECK_INT(opcode, NAPS);
        }
        if (i != HANGING) { /* its later packets wait forever */
            expect_frames(sockets[i]);
        }
    }
    host_wait_log(h, "hangs now", 1);
    host_drop(h);
}

/* blocked_handler.c: a handler that blocks keeps one worker and nothing else: sessions whose packets came in
 * the same moment, behind it in its worker's batch, are served by the others.
 */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

enum { CLIENTS = 200, HANGING = CLIENTS / 2, ROUNDS = 5 };

int main(void) {
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
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++) {
            bool hangs = i == HANGING && round == 0; /* and its session's later packets wait for ever */
            CHECK(wire_send(sockets[i], WIRE_U16, hangs ? 1 : 2, "x", 1));
        }
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CLIENTS; i++) {
            uint16_t opcode = 0;
            char reply = 0;
            if (i != HANGING) {
                CHECK_INT(wire_recv(sockets[i], WIRE_U16, &opcode, &reply, 1), 1);
                CHECK_INT(opcode, 2);
            }
        }
    }
    CHECK_INT(host_log_count(h, "hangs now"), 1);
    host_drop(h);
    return 0;
}

/* faults_frozen_room.c: in a room whose module is frozen, players go on sending and wait. The time
 * limits of the listener do not disconnect them. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <portico/status.h>

enum { PERIOD_MS = 20, LIMIT_S = 4, FIXED = 9, HALF = 5 };

static host *h;

/* The room's clock faults, and its next message keeps the room's turn waiting. */
static void freeze_room(net_socket s) {
    faults_plan(s, FAULTY_IN_TICK, FAULTY_NULL_WRITE, 1);
    faults_send(s, FAULTY_TICKS, PERIOD_MS);
    host_wait_log(h, "the module waits for its next build or ctl thaw", 1);
    clock_sleep_ms(10 * PERIOD_MS);
}

SCENARIO(faults_frozen_room) {
    uint8_t frame[64];
    uint32_t number = 7;
    faulty_echo echo = {0};
    const faults_options options = {
        .name = "faults_frozen_room", .module_keys = "probation_s = 3600\n", .workers = 2};
    h = faults_host(&options);
    net_socket s = faults_connect(h, "hasty", 1);
    CHECK_INT(faults_join(s, "hall"), PORTICO_OK);
    size_t size = wire_frame(WIRE_U16, frame, FAULTY_ECHO, &number, sizeof number);
    freeze_room(s);
    CHECK(net_send_all(s, frame, size));
    CHECK(net_send_all(s, frame, HALF)); /* of a frame */
    clock_sleep_ms(2000 * LIMIT_S + 1000);
    CHECK_INT(host_figure(h, "sessions"), 1);
    swaps_to(h, "faulty", "faulty_fixed", NULL, 0);
    CHECK_INT(wire_wait(s, FAULTY_ECHO, &echo, sizeof echo), sizeof echo);
    CHECK_INT(echo.number, number);
    CHECK_INT(echo.generation, FIXED);
    CHECK(net_send_all(s, frame + HALF, size - HALF));
    CHECK_INT(wire_wait(s, FAULTY_ECHO, &echo, sizeof echo), sizeof echo);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

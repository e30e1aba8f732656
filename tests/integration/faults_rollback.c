/* faults_rollback.c: a build that faults while it is new is rolled back: the packet or message is
 * dropped, everybody stays, and the build before answers the rest, in order. */
#include "support/check.h"
#include "support/faults.h"
#include "support/honest.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <portico/status.h>

#include <stdio.h>

enum { CLIENTS = 5, RATE = 50, PERIOD_MS = 5 };

static host *h;

static void expect_served_by(uint32_t generation, int rollbacks) {
    host_wait_log(h, "rolled back to generation", rollbacks);
    net_socket s = faults_connect(h, "victims", generation);
    CHECK_INT(faults_echo(s, 1).generation, generation);
    net_close(s);
}

/* Packets in one piece, the third of which faults. */
static void packets(net_socket s) {
    uint8_t frames[512];
    size_t size = 0;
    uint32_t begun = faults_echo(s, 0).begun;
    for (uint32_t i = 1; i <= 6; i++) {
        uint32_t kind = FAULTY_NULL_WRITE;
        bool faults = i == 3;
        size += wire_frame(WIRE_U16, frames + size, faults ? FAULTY_FAULT : FAULTY_ECHO,
                           faults ? &kind : &i, sizeof i);
    }
    CHECK(net_send_all(s, frames, size));
    for (uint32_t i = 1; i <= 6; i += i == 2 ? 2 : 1) {
        faulty_echo echo = {0};
        CHECK_INT(wire_wait(s, FAULTY_ECHO, &echo, sizeof echo), sizeof echo);
        CHECK_INT(echo.number, i);
        CHECK_INT(echo.generation, i < 3 ? 2 : 1);
        CHECK_INT(echo.begun, ++begun);
        CHECK_INT(echo.done, echo.begun);
    }
}

/* A room's clock keeps its time, and nobody leaves the room. */
static void tick(net_socket s, net_socket boss) {
    uint32_t period_ms = PERIOD_MS;
    uint32_t last = 0;
    uint32_t by[3] = {0};
    faulty_ticked ticked = {0};
    CHECK_INT(faults_join(s, "hall"), PORTICO_OK);
    CHECK(wire_send(s, WIRE_U16, FAULTY_TICKS, &period_ms, sizeof period_ms));
    faults_plan(boss, FAULTY_IN_TICK, FAULTY_NULL_WRITE, 1);
    for (int i = 0; i < 2000 && by[1] < 3; i++) {
        CHECK_INT(wire_wait(s, FAULTY_TICKED, &ticked, sizeof ticked), sizeof ticked);
        CHECK(ticked.generation == 1 || ticked.generation == 2);
        CHECK_INT(ticked.ticks, last + 1);
        last = ticked.ticks;
        by[ticked.generation]++;
    }
    CHECK_INT(by[1], 3);
    (void)faults_show_whole(s, FAULTY_OF_ROOM);
}

SCENARIO(faults_rollback) {
    const faults_options options = {.name = "faults_rollback",
                                    .module_keys = "probation_s = 3600\n"};
    h = faults_host(&options);
    const honest_options clients = {.port = host_port(h, "game"), .clients = CLIENTS, .rate = RATE};
    honest *others = honest_start(&clients);
    net_socket s = faults_connect(h, "victims", 1);
    net_socket boss = faults_connect(h, "victims", 1);
    swaps_to(h, "faulty", "faulty_2", NULL, 0);
    packets(s);
    expect_served_by(1, 1);
    swaps_to(h, "faulty", "faulty_2", NULL, 0);
    tick(s, boss);
    expect_served_by(1, 2);
    /* A session's own message, on_open of a new one, a message to the module. */
    swaps_to(h, "faulty", "faulty_2", NULL, 0);
    faults_post(s, FAULTY_OF_SESSION, FAULTY_ABORT, 0);
    expect_served_by(1, 3);
    (void)faults_show_whole(s, FAULTY_OF_SESSION);
    swaps_to(h, "faulty", "faulty_2", NULL, 0);
    faults_plan(boss, FAULTY_IN_OPEN, FAULTY_UD2, 1);
    net_socket newcomer = net_connect(host_port(h, "victims"));
    expect_served_by(1, 4);
    swaps_to(h, "faulty", "faulty_2", NULL, 0);
    faults_post(s, FAULTY_OF_MODULE, FAULTY_EXIT, 0);
    expect_served_by(1, 5);
    (void)faults_show_whole(s, FAULTY_OF_MODULE);
    (void)faults_echo(s, 7);
    (void)faults_echo(boss, 7);
    honest_stop_well(others);
    net_close(newcomer);
    net_close(s);
    net_close(boss);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

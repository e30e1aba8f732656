/* faults_frozen.c: a module without a build to go back to is frozen: nobody is disconnected,
 * nothing is lost, new players wait, and the next build continues with everybody's state. */
#include "support/check.h"
#include "support/clock.h"
#include "support/faults.h"
#include "support/honest.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <portico/status.h>

#include <stdio.h>

enum { CLIENTS = 5, RATE = 50, QUIET_MS = 300, FIXED = 9, WORKERS = 2, PARKED = 20 };

static host *h;

/* Nothing arrives for a while. */
static void expect_silence(net_socket s) {
    char byte = 0;
    net_set_timeout(s, QUIET_MS);
    CHECK_INT(net_peek(s, &byte, 1), NET_TIMEOUT);
    net_set_timeout(s, NET_TIMEOUT_MS);
}

static void expect_frozen(int times) {
    char answer[8192];
    host_wait_log(h, "the module waits for its next build or ctl thaw", times);
    host_admin(h, "modules", answer, sizeof answer);
    CHECK(strstr(answer, "frozen") != NULL);
}

static void expect_echo(net_socket s, uint32_t number, uint32_t generation, uint32_t begun) {
    faulty_echo echo = {0};
    CHECK_INT(wire_wait(s, FAULTY_ECHO, &echo, sizeof echo), sizeof echo);
    CHECK_INT(echo.number, number);
    CHECK_INT(echo.generation, generation);
    CHECK_INT(echo.begun, begun);
    CHECK_INT(echo.done, begun);
}

/* More sessions wait than there are workers, and the host answers all the same. */
static void park_many(net_socket *waiting) {
    for (int i = 0; i < PARKED; i++) {
        uint32_t number = (uint32_t)i;
        waiting[i] = net_connect(host_port(h, "victims"));
        CHECK(wire_send(waiting[i], WIRE_U16, FAULTY_ECHO, &number, sizeof number));
    }
    host_wait_at_least(h, "sessions", PARKED);
}

static void revive_many(net_socket *waiting) {
    for (int i = 0; i < PARKED; i++) {
        uint32_t generation = 0;
        CHECK_INT(wire_wait(waiting[i], FAULTY_HELLO, &generation, sizeof generation),
                  sizeof generation);
        CHECK_INT(generation, FIXED);
        expect_echo(waiting[i], (uint32_t)i, FIXED, 2);
        net_close(waiting[i]);
    }
}

/* The first build faults; the next one continues. */
static void next_build(void) {
    uint8_t frames[256];
    size_t size = 0;
    uint32_t kind = FAULTY_NULL_WRITE;
    net_socket waiting[PARKED];
    net_socket s = faults_connect(h, "victims", 1);
    net_socket in_room = faults_connect(h, "victims", 1);
    CHECK_INT(faults_join(in_room, "hall"), PORTICO_OK);
    (void)faults_echo(in_room, 11);
    for (uint32_t i = 1; i <= 4; i++) {
        size += wire_frame(WIRE_U16, frames + size, i == 2 ? FAULTY_FAULT : FAULTY_ECHO,
                           i == 2 ? &kind : &i, sizeof i);
    }
    CHECK(net_send_all(s, frames, size));
    expect_echo(s, 1, 1, 2);
    expect_frozen(1);
    expect_silence(s);
    park_many(waiting);
    expect_silence(waiting[0]);
    swaps_to(h, "faulty", "faulty_fixed", NULL, 0);
    expect_echo(s, 3, FIXED, 3);
    expect_echo(s, 4, FIXED, 4);
    revive_many(waiting);
    faulty_shown room = faults_show_whole(in_room, FAULTY_OF_ROOM);
    CHECK_INT(room.generation, FIXED);
    CHECK_INT(room.begun, 3); /* on_open, on_join, an echo */
    net_close(s);
    net_close(in_room);
}

/* Two builds that fault never alternate: the second one is frozen, since the first has faulted. */
static void never_alternate(void) {
    net_socket s = faults_connect(h, "victims", 0);
    uint32_t number = 1;
    swaps_to(h, "faulty", "faulty_2", NULL, 0);
    faults_send(s, FAULTY_FAULT, FAULTY_NULL_READ); /* back to the build before */
    host_wait_log(h, "rolled back to generation", 1);
    CHECK_INT(faults_echo(s, number).generation, FIXED);
    swaps_to(h, "faulty", "faulty", NULL, 0);
    faults_send(s, FAULTY_FAULT, FAULTY_NULL_READ); /* and once more */
    host_wait_log(h, "rolled back to generation", 2);
    swaps_to(h, "faulty", "faulty_2", NULL, 0);
    swaps_to(h, "faulty", "faulty_3", NULL, 0);
    faults_send(s, FAULTY_FAULT, FAULTY_NULL_READ); /* 2 has not faulted as this generation */
    host_wait_log(h, "rolled back to generation", 3);
    CHECK_INT(faults_echo(s, number).generation, 2);
    faults_send(s, FAULTY_FAULT, FAULTY_NULL_READ); /* 3 has faulted: 2 is frozen */
    expect_frozen(2);
    faults_send(s, FAULTY_ECHO, number);
    expect_silence(s);
    host_admin(h, "thaw faulty", NULL, 0);
    faulty_echo echo = {0};
    CHECK_INT(wire_wait(s, FAULTY_ECHO, &echo, sizeof echo), sizeof echo);
    CHECK_INT(echo.generation, 2);
    CHECK(!host_try_admin(h, "thaw faulty", NULL, 0)); /* it is not frozen any more */
    net_close(s);
}

SCENARIO(faults_frozen) {
    const faults_options options = {
        .name = "faults_frozen", .module_keys = "probation_s = 3600\n", .workers = WORKERS};
    h = faults_host(&options);
    const honest_options clients = {.port = host_port(h, "game"), .clients = CLIENTS, .rate = RATE};
    honest *others = honest_start(&clients);
    next_build();
    never_alternate();
    honest_stop_well(others);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

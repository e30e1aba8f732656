/* faults_guest.c: one of two modules of a session type is frozen. Sessions wait only when it is the
 * frozen module's turn; until then, and for everybody else, the other module serves. */
#include "support/check.h"
#include "support/faults.h"
#include "support/honest.h"
#include "support/swaps.h"
#include "support/wire.h"

#include <portico/status.h>

enum { CLIENTS = 5, RATE = 50, QUIET_MS = 300, FIXED = 9 };

static host *h;

static void expect_echo(net_socket s, uint16_t opcode, uint32_t number, uint32_t generation) {
    faulty_echo echo = {0};
    CHECK_INT(wire_wait(s, opcode, &echo, sizeof echo), sizeof echo);
    CHECK_INT(echo.number, number);
    CHECK_INT(echo.generation, generation);
    CHECK_INT(echo.begun, echo.done);
}

SCENARIO(faults_guest) {
    char byte = 0;
    const faults_options options = {.name = "faults_guest",
                                    .modules = "faulty faulty_guest",
                                    .module_keys = "probation_s = 3600\n"};
    h = faults_host(&options);
    const honest_options clients = {.port = host_port(h, "game"), .clients = CLIENTS, .rate = RATE};
    honest *others = honest_start(&clients); /* of faulty alone, during all of this */
    net_socket s = faults_connect(h, "victims", 1);
    net_socket other = faults_connect(h, "victims", 1);
    faults_send(s, FAULTY_GUEST_ECHO, 1);
    expect_echo(s, FAULTY_GUEST_ECHO, 1, 1);
    faults_send(s, FAULTY_GUEST_FAULT, FAULTY_NULL_WRITE);
    host_wait_log(h, "the module waits for its next build or ctl thaw", 1);
    CHECK_INT(faults_echo(other, 1).generation, 1);
    CHECK_INT(faults_echo(s, 2).generation, 1);
    /* The session's packets stay in order, whichever module's. */
    faults_send(other, FAULTY_GUEST_ECHO, 5);
    faults_send(other, FAULTY_ECHO, 6);
    net_set_timeout(other, QUIET_MS);
    CHECK_INT(net_peek(other, &byte, 1), NET_TIMEOUT);
    net_set_timeout(other, NET_TIMEOUT_MS);
    /* A newcomer is opened by faulty, then waits for faulty_guest. */
    net_socket newcomer = faults_connect(h, "victims", 1);
    faults_send(newcomer, FAULTY_GUEST_ECHO, 7);
    swaps_to(h, "faulty_guest", "faulty_guest_fixed", NULL, 0);
    expect_echo(other, FAULTY_GUEST_ECHO, 5, FIXED);
    expect_echo(other, FAULTY_ECHO, 6, 1);
    expect_echo(newcomer, FAULTY_GUEST_ECHO, 7, FIXED);
    faults_send(s, FAULTY_GUEST_ECHO, 8);
    expect_echo(s, FAULTY_GUEST_ECHO, 8, FIXED);
    honest_stop_well(others);
    net_close(s);
    net_close(other);
    net_close(newcomer);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

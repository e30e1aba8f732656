/* faults_verdicts.c: what one fault costs where the module goes on: a session its connection, and
 * everybody else nothing. States are as they were before the fault. */
#include "support/check.h"
#include "support/faults.h"
#include "support/honest.h"
#include "support/wire.h"

#include <portico/status.h>

#include <stdio.h>

enum { CLIENTS = 5, RATE = 50, TIMEOUT_MS = 5000 };

static host *h;

/* The module's on_close says the reason, and that its state is whole. */
static void expect_closed(int reason, int count) {
    char text[64];
    (void)snprintf(text, sizeof text, " closed %d, half changed 0", reason);
    host_wait_log(h, text, count);
}

static void sessions(void) {
    net_socket other = faults_connect(h, "victims", 1);
    net_socket s = faults_connect(h, "victims", 1);
    (void)faults_echo(s, 7);
    faults_send(s, FAULTY_FAULT, FAULTY_NULL_WRITE);
    CHECK(faults_ended(s));
    expect_closed(PORTICO_E_FAULT, 2); /* of faulty and of faulty_guest */
    s = faults_connect(h, "victims", 1);
    faults_post(s, FAULTY_OF_SESSION, FAULTY_DIVIDE, 1); /* by a timer */
    CHECK(faults_ended(s));
    expect_closed(PORTICO_E_FAULT, 4);
    s = faults_connect(h, "victims", 1);
    faults_plan(other, FAULTY_IN_OPEN, FAULTY_ABORT, 1);
    net_socket refused = net_connect(host_port(h, "victims"));
    CHECK(faults_ended(refused));
    expect_closed(PORTICO_E_FAULT, 5); /* the guest's on_open is not called for it */
    CHECK_INT(faults_echo(other, 1).begun, 2);
    net_close(s);
    net_close(other);
}

/* Packets that were sent before the fault arrive, later ones are not handled. */
static void order(void) {
    uint8_t frames[512];
    size_t size = 0;
    faulty_echo echo = {0};
    net_socket s = faults_connect(h, "victims", 1);
    for (uint32_t i = 1; i <= 5; i++) {
        uint32_t kind = FAULTY_NULL_READ;
        bool faults = i == 4;
        size += wire_frame(WIRE_U16, frames + size, faults ? FAULTY_FAULT : FAULTY_ECHO,
                           faults ? &kind : &i, sizeof i);
    }
    CHECK(net_send_all(s, frames, size));
    for (uint32_t i = 1; i <= 3; i++) {
        CHECK_INT(wire_wait(s, FAULTY_ECHO, &echo, sizeof echo), sizeof echo);
        CHECK_INT(echo.number, i);
    }
    CHECK_INT(wire_wait(s, FAULTY_ECHO, &echo, sizeof echo), -1);
    net_close(s);
}

static void rooms(void) {
    net_socket a = faults_connect(h, "victims", 1);
    net_socket b = faults_connect(h, "victims", 1);
    CHECK_INT(faults_join(a, "hall"), PORTICO_OK);
    CHECK_INT(faults_join(b, "hall"), PORTICO_OK);
    uint32_t before = faults_show_whole(b, FAULTY_OF_ROOM).begun;
    faults_post(a, FAULTY_OF_ROOM, FAULTY_NULL_WRITE, 0);
    (void)faults_echo(a, 1);
    (void)faults_echo(b, 1);
    faulty_shown shown = faults_show_whole(b, FAULTY_OF_ROOM);
    CHECK_INT(shown.begun, before + 2); /* by the echoes; nothing is left of the fault */
    CHECK_INT(host_figure(h, "rooms"), 1);
    /* A packet's handler changes the states of its session and of its room. */
    faults_send(a, FAULTY_FAULT, FAULTY_NULL_WRITE);
    CHECK(faults_ended(a));
    host_wait_figure(h, "rooms", 1);
    shown = faults_show_whole(b, FAULTY_OF_ROOM);
    CHECK(shown.begun >= before + 2 && shown.begun <= before + 3); /* on_leave */
    faults_plan(b, FAULTY_IN_JOIN, FAULTY_NULL_WRITE, 1);
    a = faults_connect(h, "victims", 1);
    CHECK_INT(faults_join(a, "hall"), PORTICO_E_FAULT);
    CHECK_INT(faults_join(a, "hall"), PORTICO_OK);
    (void)faults_show_whole(a, FAULTY_OF_ROOM);
    CHECK_INT(wire_ask_status(a, FAULTY_CLOSE, ""), PORTICO_OK);
    host_wait_figure(h, "rooms", 0);
    (void)faults_echo(a, 2);
    (void)faults_echo(b, 2);
    net_close(a);
    net_close(b);
}

static void requests_and_jobs(void) {
    net_socket s = faults_connect(h, "victims", 1);
    CHECK_INT(faults_join(s, "hall"), PORTICO_OK);
    static const uint32_t whom[] = {FAULTY_OF_MODULE, FAULTY_OF_ROOM};
    for (int i = 0; i < 2; i++) {
        faulty_reply reply = faults_request(s, whom[i], FAULTY_NONE, TIMEOUT_MS);
        CHECK_INT(reply.status, PORTICO_OK);
        CHECK_INT(reply.generation, 1);
        reply = faults_request(s, whom[i], FAULTY_NULL_WRITE, TIMEOUT_MS);
        CHECK_INT(reply.status, PORTICO_E_FAULT);
        CHECK_INT(reply.size, 0);
    }
    (void)faults_show_whole(s, FAULTY_OF_MODULE);
    CHECK_INT(faults_run(s, FAULTY_NONE).size, 4);
    faulty_reply reply = faults_run(s, FAULTY_ASSERT);
    CHECK_INT(reply.status, PORTICO_OK);
    CHECK_INT(reply.size, 0);
    CHECK_INT(faults_run(s, FAULTY_NONE).size, 4);
    net_close(s);
}

/* A state that was too large to be copied may be half changed, so what it belongs to closes. */
static void large(void) {
    net_socket s = faults_connect(h, "large", 1);
    faults_send(s, FAULTY_FAULT, FAULTY_NULL_WRITE);
    CHECK(faults_ended(s));
    s = faults_connect(h, "victims", 1);
    CHECK_INT(faults_join(s, "large hall"), PORTICO_OK);
    int64_t rooms = host_figure(h, "rooms");
    faults_post(s, FAULTY_OF_ROOM, FAULTY_NULL_WRITE, 0);
    host_wait_figure(h, "rooms", rooms - 1);
    (void)faults_echo(s, 3); /* its member stays */
    /* The handler of a member's packet has half changed the room's state. */
    net_socket other = faults_connect(h, "victims", 1);
    CHECK_INT(faults_join(s, "large two"), PORTICO_OK);
    CHECK_INT(faults_join(other, "large two"), PORTICO_OK);
    faults_send(s, FAULTY_FAULT, FAULTY_NULL_WRITE);
    CHECK(faults_ended(s));
    host_wait_figure(h, "rooms", rooms - 1);
    (void)faults_echo(other, 4);
    net_close(other);
}

SCENARIO(faults_verdicts) {
    const faults_options options = {.name = "faults_verdicts",
                                    .modules = "faulty faulty_guest",
                                    .module_keys = faults_no_policy};
    h = faults_host(&options);
    const honest_options clients = {.port = host_port(h, "game"), .clients = CLIENTS, .rate = RATE};
    honest *others = honest_start(&clients);
    sessions();
    order();
    rooms();
    requests_and_jobs();
    large();
    honest_stop_well(others);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

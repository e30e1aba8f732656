/* throws_hpp.c: exceptions in C++ handlers (tests/abi/throws_hpp.cpp). None reaches the host: each
 * is logged with its type and what(), ends what it must end, and nobody else notices. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <portico/status.h>

#include <stdio.h>

enum { SAY = 1, THROW = 2, POST = 3, ROOM = 4, LEAVE = 5, JOB = 6 };

static host *h;
static net_socket witness; /* a session that does nothing wrong */

static net_socket client(void) {
    net_socket s = net_connect(host_port(h, "game"));
    wire_expect_echo(s, WIRE_U16, SAY, "hello");
    return s;
}

static void send_text(net_socket s, uint16_t opcode, const char *text) {
    CHECK(wire_send(s, WIRE_U16, opcode, text, (uint32_t)strlen(text)));
}

/* The session ends, and the log says why; the others are still there. */
static void expect_end(net_socket s, const char *logged) {
    char byte = 0;
    CHECK_INT(wire_wait(s, UINT16_MAX, &byte, 1), -1);
    net_close(s);
    host_wait_log(h, logged, 1);
    wire_expect_echo(witness, WIRE_U16, SAY, "still here");
}

static void packets(void) {
    static const struct {
        const char *how;
        const char *logged;
    } rows[] = {
        {"a reason", "visitor::on_throw threw std::runtime_error: a reason"},
        {"memory", "visitor::on_throw threw std::bad_alloc"},
        {"mishap", "mishap"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        net_socket s = client();
        char text[16] = "";
        send_text(s, THROW, rows[i].how);
        CHECK_INT(wire_wait(s, SAY, text, sizeof text), 6); /* what was sent before arrives */
        CHECK(memcmp(text, "before", 6) == 0);
        expect_end(s, rows[i].logged);
    }
    net_socket s = client();
    send_text(s, 99, "no handler");
    expect_end(s, "visitor::on_packet threw std::runtime_error: on_packet");
    net_socket refused = net_connect(host_port(h, "away"));
    expect_end(refused, "turned_away::on_open threw std::runtime_error: on_open");
}

static int32_t join(net_socket s, const char *name) {
    int32_t status = 1;
    send_text(s, ROOM, name);
    CHECK_INT(wire_wait(s, ROOM, &status, sizeof status), sizeof status);
    return status;
}

static void messages(void) {
    net_socket s = client();
    send_text(s, POST, "self");
    expect_end(s, "visitor::on_fail threw std::runtime_error: a message to a session");
    s = client();
    send_text(s, POST, "module");
    host_wait_log(h, "world::on_fail threw std::runtime_error: a message to a module", 1);
    uint32_t size = 1;
    send_text(s, JOB, "a job");
    CHECK_INT(wire_wait(s, JOB, &size, sizeof size), sizeof size);
    CHECK_INT(size, 0);
    host_wait_log(h, "work threw std::runtime_error: a job", 1);
    CHECK_INT(join(s, "meadow"), PORTICO_OK);
    CHECK_INT(host_figure(h, "rooms"), 1);
    send_text(s, POST, "room"); /* closes the room, but not its members */
    host_wait_log(h, "hall::on_fail threw std::runtime_error: a message to a room", 1);
    host_wait_figure(h, "rooms", 0);
    wire_expect_echo(s, WIRE_U16, SAY, "in no room");
    net_close(s);
}

static void rooms(void) {
    net_socket s = client();
    CHECK_INT(join(s, "on_join"), PORTICO_E_FAULT);
    host_wait_log(h, "hall::on_join threw std::runtime_error: on_join", 1);
    CHECK_INT(join(s, "on_open"), PORTICO_E_ROOM_CLOSED);
    host_wait_log(h, "hall::on_open threw std::runtime_error: on_open", 1);
    CHECK_INT(join(s, "on_leave"), PORTICO_OK);
    send_text(s, LEAVE, "");
    host_wait_log(h, "hall::on_leave threw std::runtime_error: on_leave", 1);
    CHECK_INT(join(s, "on_close"), PORTICO_OK);
    send_text(s, LEAVE, "");
    host_wait_log(h, "hall::on_close threw std::runtime_error: on_close", 1);
    wire_expect_echo(s, WIRE_U16, SAY, "fine");
    static const char logged[] = "visitor::on_close threw std::runtime_error: on_close";
    int before = host_log_settled(h, logged);
    net_close(s);
    host_wait_log_some(h, logged, before + 1);
}

static void swaps(void) {
    char answer[4096];
    char command[1200];
    char path[1024];
    host_module_path("throws_hpp_query", path, sizeof path);
    snprintf(command, sizeof command, "swap throws_hpp %s", path);
    CHECK(!host_try_admin(h, command, answer, sizeof answer));
    host_wait_log(h, "visitor::migrate threw std::runtime_error: migrate", 1);
    wire_expect_echo(witness, WIRE_U16, SAY, "same code");
    host_module_path("throws_hpp_each", path, sizeof path);
    snprintf(command, sizeof command, "swap throws_hpp %s", path);
    host_admin(h, command, answer, sizeof answer);
    CHECK(wire_send(witness, WIRE_U16, SAY, "text", 4));
    char byte = 0;
    CHECK_INT(wire_wait(witness, SAY, &byte, 1), -1); /* its state could not be carried over */
    net_close(witness);
    host_wait_log(h, "visitor::migrate threw std::runtime_error: migrate", 2);
    net_socket s = client();
    net_close(s);
    host_admin(h, "unload throws_hpp", answer, sizeof answer);
    host_wait_log(h, "world::stopping threw std::runtime_error: stopping", 1);
    host_wait_log(h, "world::stop threw std::runtime_error: stop", 2); /* and at the swap */
    host_module_path("throws_hpp_start", path, sizeof path);
    snprintf(command, sizeof command, "load %s", path);
    CHECK(!host_try_admin(h, command, answer, sizeof answer));
    host_wait_log(h, "world::start threw", 1);
}

SCENARIO(throws_hpp) {
    char path[1024];
    host_module_path("throws_hpp", path, sizeof path);
    if (!file_exists(path)) {
        printf("there is no C++ compiler here\n");
        return;
    }
    host_options options = {
        .name = "throws_hpp",
        .modules = "throws_hpp",
        .listeners = {{"game", "throws_hpp.session", NULL},
                      {"away", "throws_hpp.turned_away", NULL}},
    };
    h = host_start(&options);
    host_expect_error(h, "threw");
    host_expect_error(h, "throws_hpp");
    witness = client();
    packets();
    messages();
    rooms();
    swaps();
    host_stop(h);
}

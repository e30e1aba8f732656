/* tables_hpp.c: a module whose tables portico.hpp has made (tests/abi/tables_hpp.cpp), as C++17 and
 * as C++20: every kind of handler receives what it declares. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include "../abi/tables_hpp.h"

#include <portico/status.h>

#include <stdio.h>

static host *h;

static net_socket client(void) {
    net_socket s = net_connect(host_port(h, "game"));
    wire_expect_echo(s, WIRE_U16, ECHO, "hello");
    return s;
}

static uint32_t count(net_socket s) {
    uint32_t number = 0;
    CHECK_INT(wire_ask(s, COUNT, NULL, 0, &number, sizeof number), sizeof number);
    return number;
}

static void packets(void) {
    net_socket s = client();
    const int16_t step[] = {3, -4};
    int32_t place[2] = {0, 0};
    CHECK_INT(wire_ask(s, STEP, step, sizeof step, place, sizeof place), sizeof place);
    CHECK_INT(wire_ask(s, STEP, step, sizeof step, place, sizeof place), sizeof place);
    CHECK_INT(place[0], 6);
    CHECK_INT(place[1], -8);
    CHECK_INT(count(s), 3);
    uint16_t opcode = 0;
    CHECK(wire_send(s, WIRE_U16, 999, "x", 1));
    CHECK_INT(wire_wait(s, OTHER, &opcode, sizeof opcode), sizeof opcode);
    CHECK_INT(opcode, 999);
    CHECK_INT(count(s), 4);
    uint32_t number = 7;
    uint64_t square = 0;
    CHECK_INT(wire_ask(s, WORK, &number, sizeof number, &square, sizeof square), sizeof square);
    CHECK_INT(square, 49);
    uint32_t answer = 0;
    CHECK_INT(wire_ask(s, ASK, &number, sizeof number, &answer, sizeof answer), sizeof answer);
    CHECK_INT(answer, 8);
    CHECK_INT(wire_ask(s, KEYS, NULL, 0, &number, sizeof number), sizeof number);
    CHECK_INT(number, 6);
    net_close(s);
}

static void labels(void) {
    static const char with_zero[] = "a\0b";
    char answer[80];
    int32_t status = 1;
    net_socket s = client();
    CHECK_INT(wire_ask(s, RENAME, "ann", 3, answer, sizeof answer), 4 + 3);
    memcpy(&status, answer, sizeof status);
    CHECK_INT(status, PORTICO_OK);
    CHECK(memcmp(answer + 4, "ann", 3) == 0);
    CHECK_INT(wire_ask(s, RENAME, with_zero, 3, answer, sizeof answer), 4 + 3);
    memcpy(&status, answer, sizeof status);
    CHECK_INT(status, PORTICO_E_INVALID); /* rather than "a" */
    char large[64];
    memset(large, 'x', sizeof large);
    CHECK_INT(wire_ask(s, RENAME, large, 64, answer, sizeof answer), 4 + 3);
    memcpy(&status, answer, sizeof status);
    CHECK_INT(status, PORTICO_E_INVALID);
    CHECK_INT(wire_ask(s, RENAME, large, 63, answer, sizeof answer), 4 + 63);
    net_close(s);
}

static int32_t enter(net_socket s, const char *name, uint32_t *opened_with) {
    uint32_t answer[2] = {0, 0};
    CHECK(wire_send(s, WIRE_U16, ENTER, name, (uint32_t)strlen(name)));
    CHECK_INT(wire_wait(s, ENTERED, answer, sizeof answer), sizeof answer);
    *opened_with = answer[1];
    return (int32_t)answer[0];
}

static void rooms(void) {
    uint32_t with = 0;
    net_socket a = client();
    net_socket b = client();
    net_socket c = client();
    net_socket d = client();
    CHECK_INT(enter(a, "hall", &with), PORTICO_OK);
    CHECK_INT(with, 2); /* a's second packet */
    CHECK_INT(enter(a, "hall", &with), PORTICO_E_EXISTS);
    CHECK_INT(enter(b, "hall", &with), PORTICO_OK);
    CHECK_INT(with, 2);
    CHECK_INT(enter(c, "hall", &with), PORTICO_OK);
    CHECK_INT(enter(d, "hall", &with), PORTICO_E_LIMIT);
    CHECK_INT(enter(d, "", &with), PORTICO_E_INVALID);
    char text[8] = "";
    CHECK(wire_send(a, WIRE_U16, SAY, "to all", 6));
    CHECK_INT(wire_wait(b, HEARD, text, sizeof text), 6);
    CHECK_INT(wire_wait(c, HEARD, text, sizeof text), 6);
    CHECK(memcmp(text, "to all", 6) == 0);
    CHECK(wire_send(a, WIRE_U16, SAY, "a text of 21 bytes...", 21));
    CHECK_INT(wire_wait(a, HEARD, text, sizeof text), -1); /* the host closes the session */
    net_close(a);
    net_close(b);
    net_close(c);
    net_close(d);
    host_wait_figure(h, "rooms", 0);
}

static void serve(const char *name) {
    char path[1024];
    char type[64];
    host_module_path(name, path, sizeof path);
    if (!file_exists(path)) {
        printf("%s was not built here\n", name);
        return;
    }
    snprintf(type, sizeof type, "%s.session", name);
    host_options options = {.name = name, .modules = name, .listeners = {{"game", type, NULL}}};
    h = host_start(&options);
    packets();
    labels();
    rooms();
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

SCENARIO(tables_hpp) {
    serve("tables_hpp");
    serve("tables_hpp_20");
}

/* one_at_a_time.c: a session that is closed from elsewhere while its handler runs gets its on_close
 * after the handler, never concurrently; the same when the client disconnects or the module is
 * unloaded. A packet that another worker receives while a message's handler runs is handled after
 * that. tests/abi/orders.c checks from inside. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INSIDE_MS = 30, KEPT_MS = 10, STAY_MS = 200, STAYS = 5 };

/* Kicks the only session of the type. */
static void kick(host *h) {
    char sessions[4096];
    char command[4200];
    host_admin(h, "sessions", sessions, sizeof sessions);
    char *at = strstr(sessions, " orders.session ");
    CHECK(at != NULL);
    *at = '\0';
    const char *line = strrchr(sessions, '\n');
    snprintf(command, sizeof command, "kick %s", line != NULL ? line + 1 : sessions);
    host_admin(h, command, NULL, 0);
}

/* A handler is running, and another packet waits for it. */
static net_socket client_inside(host *h) {
    const uint32_t first[2] = {0, INSIDE_MS};
    const uint32_t second[2] = {1, 0};
    net_socket s = net_connect(host_port(h, "game"));
    CHECK(wire_send(s, WIRE_U16, 1, first, sizeof first));
    CHECK(wire_send(s, WIRE_U16, 1, second, sizeof second));
    host_wait_figure(h, "sessions", 1);
    clock_sleep_ms(KEPT_MS); /* lets the handler begin */
    return s;
}

/* A message's handler is running while the session waits for packets: another worker receives the
 * next one and must leave it to the worker that runs the handler. */
static void packet_beside_message(host *h, int times) {
    const uint32_t stay[3] = {0, 0, STAY_MS};
    const uint32_t number = 1;
    uint32_t back = 0;
    net_socket s = net_connect(host_port(h, "game"));
    CHECK(wire_send(s, WIRE_U16, 1, stay, sizeof stay));
    host_wait_log(h, " inside", times);
    CHECK_INT(wire_ask(s, 2, &number, sizeof number, &back, sizeof back), sizeof number);
    CHECK_INT(back, number);
    net_close(s);
    host_wait_figure(h, "sessions", 0);
}

SCENARIO(one_at_a_time) {
    host_options options = {
        .name = "one_at_a_time",
        .workers = 5,
        .modules = "orders",
        .listeners = {{"game", "orders.session", NULL}},
    };
    host *h = host_start(&options);
    int rounds = scale(30, 10);
    for (int i = 0; i < rounds; i++) {
        net_socket s = client_inside(h);
        kick(h);
        CHECK(net_wait_end(s, 10000));
        net_close(s);
        host_wait_figure(h, "sessions", 0);
        net_reset(client_inside(h));
        host_wait_figure(h, "sessions", 0);
    }
    for (int i = 1; i <= STAYS; i++) {
        packet_beside_message(h, i);
    }
    net_socket s = client_inside(h);
    host_admin(h, "unload orders", NULL, 0);
    CHECK(net_wait_end(s, 10000));
    net_close(s);
    char line[256] = "";
    char expected[64];
    host_wait_log_line(h, "overtaken", line, sizeof line);
    snprintf(expected, sizeof expected, " overtaken 0 together 0 closed %d",
             2 * rounds + STAYS + 1);
    if (strstr(line, expected) == NULL) {
        fprintf(stderr, "expected:%s, found: %s\n", expected, line);
        exit(1);
    }
    host_stop(h);
}

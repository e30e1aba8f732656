/* load_unload.c: modules are loaded and unloaded while clients of others echo without noticing.
 * Sessions of an unloaded type are closed, with one on_close each; its listener waits and resumes;
 * modules that others require cannot be unloaded. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/load.h"

#include <stdio.h>
#include <string.h>

enum { SESSIONS = 20 };

static host *h;
static load *bystanders;

/* Loads "counts" from its file. */
static void load_module(const char *name) {
    char path[1024];
    char command[1100];
    host_module_path(name, path, sizeof path);
    snprintf(command, sizeof command, "load %s", path);
    host_admin(h, command, NULL, 0);
}

static bool listener_is(const char *state) {
    char line[256];
    host_status_line(h, "listener counts ", line, sizeof line);
    return strstr(line, state) != NULL;
}

static void expect_listener(const char *state) {
    uint64_t end_ms = clock_now_ms() + 10000;
    while (!listener_is(state)) {
        CHECK(clock_now_ms() < end_ms);
        load_run_for(bystanders, 20);
    }
}

static void expect_modules(const char *there, const char *not_there) {
    char modules[4096];
    host_admin(h, "modules", modules, sizeof modules);
    CHECK(strstr(modules, there) != NULL);
    CHECK(not_there == NULL || strstr(modules, not_there) == NULL);
}

/* Clients of `counts`: each has had one frame answered and perhaps another one on its way. */
static void serve_counts(net_socket *clients) {
    for (int i = 0; i < SESSIONS; i++) {
        clients[i] = net_connect(host_port(h, "counts"));
        wire_expect_echo(clients[i], WIRE_U16, 1, "counted");
    }
}

/* `unload counts` while it has sessions: they receive the last words and end. */
static void unload_counts(int round) {
    net_socket clients[SESSIONS];
    char expected[64];
    serve_counts(clients);
    host_admin(h, "unload counts", NULL, 0);
    for (int i = 0; i < SESSIONS; i++) {
        char text[32];
        uint16_t opcode = 0;
        CHECK_INT(wire_recv(clients[i], WIRE_U16, &opcode, text, sizeof text), 10);
        CHECK_INT(opcode, 99);
        CHECK(memcmp(text, "last words", 10) == 0);
        CHECK(net_wait_end(clients[i], 10000));
        net_close(clients[i]);
    }
    snprintf(expected, sizeof expected, "opened %d closed %d packets %d wrong 0", SESSIONS,
             SESSIONS, SESSIONS);
    host_wait_log(h, expected, round); /* a new image each time, so it counts from 0 */
    expect_modules("echo", "counts");
    expect_listener("waiting");
    CHECK(net_try_connect("127.0.0.1", host_port(h, "counts")) == NET_NONE ||
          listener_is("waiting"));
}

static void refusals(void) {
    char answer[1024];
    load_module("second");
    CHECK(!host_try_admin(h, "unload counts", answer, sizeof answer));
    CHECK(strstr(answer, "second") != NULL); /* the module that requires it */
    expect_modules("counts", NULL);
    net_socket s = net_connect(host_port(h, "counts"));
    wire_expect_echo(s, WIRE_U16, 1, "it still serves");
    host_admin(h, "unload second", NULL, 0);
    expect_modules("counts", "second ");
    net_close(s);
    s = net_connect(host_port(h, "counts"));
    wire_expect_echo(s, WIRE_U16, 20, "nobody's opcode now");
    net_close(s);
    CHECK(!host_try_admin(h, "unload nothing", answer, sizeof answer));
    CHECK(strstr(answer, "nothing") != NULL);
    CHECK(!host_try_admin(h, "load nothing", answer, sizeof answer));
    CHECK(strstr(answer, "nothing") != NULL);
    char path[1024];
    char command[1100];
    host_module_path("counts", path, sizeof path);
    snprintf(command, sizeof command, "load %s", path);
    CHECK(!host_try_admin(h, command, answer, sizeof answer)); /* it is already loaded */
    CHECK(strstr(answer, "counts") != NULL);
}

SCENARIO(load_unload) {
    host_options options = {
        .name = "load_unload",
        .modules = "echo counts",
        .listeners =
            {
                {"game", "echo.session", NULL},
                {"counts", "counts.session", NULL},
            },
    };
    h = host_start(&options);
    load_options how = {
        .port = host_port(h, "game"),
        .kind = WIRE_U16,
        .connections = 10,
        .in_flight = 8,
        .payload_max = 300,
        .seed = 3,
        .opcode = -1,
    };
    bystanders = load_create(&how);
    load_run_for(bystanders, 200);
    expect_listener("listening");
    int rounds = scale(10, 3);
    for (int round = 1; round <= rounds; round++) {
        unload_counts(round);
        load_run_for(bystanders, 50);
        load_module("counts");
        expect_listener("listening");
    }
    uint16_t port = host_port(h, "counts");
    net_socket s =
        net_connect(port); /* the port has not changed: the ready file is not rewritten */
    wire_expect_echo(s, WIRE_U16, 1, "resumed");
    net_close(s);
    refusals();
    load_stop(bystanders);
    CHECK(load_finish(bystanders, 20000));
    CHECK_INT(load_ended(bystanders), 0);
    CHECK(load_answered(bystanders) > 100);
    load_destroy(bystanders);
    host_wait_figure(h, "sessions", 0);
    host_expect_error(h, "load"); /* the refused commands */
    host_stop(h);
}

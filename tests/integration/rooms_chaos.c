/* rooms_chaos.c: rooms are made, joined, left and closed at random while sessions are kicked, dropped and reset, and in
 * the middle of it the module is unloaded, again and again: each on_join has its one on_leave, each on_open its one
 * on_close, and nothing is left. tests/abi/rooms.c keeps the account. */
#include "support/check.h"
#include "support/clock.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS = 40, ROOMS = 6, WHERE = 6, SAY = 7, WORK = 8, LEAVE_ME = 10 };

static host *h;
static net_socket clients[CLIENTS];
static uint64_t random_state = 20;

static uint32_t dice(uint32_t sides) {
    return (uint32_t)(wire_random(&random_state) % sides);
}

/* A request whose answer nobody waits for. False: the host has closed the connection. */
static bool send_something(net_socket s) {
    char payload[16];
    uint32_t size = (uint32_t)snprintf(payload, sizeof payload, "%c%u", "pps"[dice(3)], dice(ROOMS));
    static const uint16_t opcodes[] = {1, 2, 2, 2, 2, 3, 4, WHERE, SAY, SAY, WORK, WORK, WORK, 99};
    uint16_t opcode = dice(200) == 0 ? LEAVE_ME : opcodes[dice(sizeof opcodes / sizeof opcodes[0])];
    return wire_send(s, WIRE_U16, opcode, payload, size);
}

/* Takes what has come, so that the host's queue stays short. False: the connection has ended. */
static bool take(net_socket s) {
    char bytes[4096];
    int got = NET_TIMEOUT;
    do {
        got = net_recv_some(s, bytes, sizeof bytes);
    } while (got > 0);
    return got == NET_TIMEOUT;
}

static void kick_one(void) {
    static char answer[65536];
    char command[64];
    unsigned long long id = 0;
    host_admin(h, "sessions", answer, sizeof answer);
    char *line = answer;
    for (uint32_t skip = dice(CLIENTS); skip > 0 && strchr(line, '\n') != NULL; skip--) {
        line = strchr(line, '\n') + 1;
    }
    if (strstr(line, "rooms.session") != NULL && sscanf(line, "%llu rooms.session", &id) == 1) {
        snprintf(command, sizeof command, "kick %llu", id);
        (void)host_try_admin(h, command, answer, sizeof answer); /* it may have gone */
    }
}

static void client_end(int i) {
    if (clients[i] != NET_NONE && dice(2) == 0) {
        net_reset(clients[i]);
    } else if (clients[i] != NET_NONE) {
        net_close(clients[i]);
    }
    clients[i] = NET_NONE;
}

static void step(int i) {
    if (clients[i] == NET_NONE) {
        clients[i] = net_try_connect("127.0.0.1", host_port(h, "game"));
        if (clients[i] == NET_NONE) {
            return; /* the listener waits for its module */
        }
        net_set_nonblocking(clients[i]);
    }
    bool there = true;
    for (uint32_t n = dice(8); there && n > 0; n--) {
        there = send_something(clients[i]);
    }
    if (!there || !take(clients[i]) || dice(100) == 0) {
        client_end(i);
    }
}

/* The account of every image so far must be even. */
static void check_accounts(int count) {
    host_wait_log(h, " wrong ", count);
    CHECK_INT(host_log_count(h, " wrong 0"), count);
}

static void check_line(void) {
    char line[512];
    unsigned f[6] = {0};
    CHECK(host_try_log_line(h, " wrong ", line, sizeof line));
    CHECK_INT(sscanf(strstr(line, "account: "), "account: rooms %u/%u members %u/%u sessions %u/%u", &f[0],
                     &f[1], &f[2], &f[3], &f[4], &f[5]),
              6);
    printf("rooms %u, members %u, sessions %u\n", f[0], f[2], f[4]);
    CHECK(f[0] > 0 && f[2] > 0 && f[4] > 0);
}

int main(void) {
    host_options options = {
        .name = "rooms_chaos",
        .workers = 5,
        .modules = "rooms",
        .listeners = {{"game", "rooms.session", "close_timeout_ms = 1000\n"}},
    };
    h = host_start(&options);
    int64_t timers = host_figure(h, "timers");
    char path[1024];
    char load[1100];
    host_module_path("rooms", path, sizeof path);
    snprintf(load, sizeof load, "load %s", path);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = NET_NONE;
    }
    int unloads = scale(8, 3);
    for (int u = 1; u <= unloads; u++) {
        uint64_t end_ms = clock_now_ms() + 1500;
        while (clock_now_ms() < end_ms) {
            for (int i = 0; i < CLIENTS; i++) {
                step(i);
            }
            kick_one();
        }
        host_admin(h, "unload rooms", NULL, 0); /* all of it goes on meanwhile in the sockets */
        check_accounts(u);
        CHECK_INT(host_figure(h, "rooms"), 0);
        host_admin(h, load, NULL, 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        if (clients[i] != NET_NONE) {
            net_close(clients[i]);
        }
    }
    host_wait_figure(h, "sessions", 0);
    host_admin(h, "unload rooms", NULL, 0);
    host_wait_figure(h, "rooms", 0);
    host_wait_at_most(h, "timers", timers + 1);
    check_accounts(unloads + 1);
    check_line();
    host_stop(h);
    return 0;
}

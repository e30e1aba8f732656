/* guide.c: the examples of sdk/README.md do what the guide says: `first` is swapped while a player
 * is connected, and every room of `poker` closes, even one that nobody ever reached. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <stdio.h>
#include <string.h>

enum { SIT = 1, BET = 2, POT = 100, SEATED = 101, SORRY = 102, SEATS = 8 };

static void expect_line(net_socket s, const char *line, const char *answer) {
    char text[128];
    CHECK(wire_send_line(s, line));
    CHECK(wire_recv_line(s, text, sizeof text));
    CHECK_TEXT(text, answer);
}

static void swap_first(host *h) {
    char path[1024];
    char command[1100];
    char text[1024];
    net_socket s = net_connect(host_port(h, "first"));
    expect_line(s, "hello", "hello");
    host_module_path("first_2", path, sizeof path);
    snprintf(command, sizeof command, "swap first %s", path);
    host_admin(h, command, text, sizeof text);
    CHECK(strstr(text, "first 1.1 generation 2 replaces") != NULL);
    expect_line(s, "again", "line 1: again");
    expect_line(s, "and again", "line 2: and again");
    net_close(s);
}

static void expect_packet(net_socket s, uint16_t expected, const char *text) {
    uint16_t opcode = 0;
    char bytes[64];
    int64_t size = wire_recv(s, WIRE_U16, &opcode, bytes, sizeof bytes);
    CHECK_INT(opcode, expected);
    CHECK_INT(size, strlen(text));
    CHECK(memcmp(bytes, text, strlen(text)) == 0);
}

static void play_poker(host *h) {
    net_socket s[SEATS + 1];
    for (int i = 0; i <= SEATS; i++) {
        s[i] = net_connect(host_port(h, "poker"));
        CHECK(wire_send(s[i], WIRE_U16, SIT, NULL, 0));
        expect_packet(s[i], i < SEATS ? SEATED : SORRY, i < SEATS ? "one" : "");
    }
    CHECK(wire_send(s[0], WIRE_U16, BET, "\7", 1));
    char pot[2] = {0};
    CHECK_INT(wire_wait(s[SEATS - 1], POT, pot, sizeof pot), 2);
    CHECK_INT(pot[0], 7);
    CHECK_INT(host_figure(h, "rooms"), 1);
    for (int i = 0; i <= SEATS; i++) {
        net_close(s[i]);
    }
    host_wait_figure(h, "rooms", 0);
}

SCENARIO(guide) {
    host_options options = {
        .name = "guide",
        .modules = "first poker moves emotes meter seconds login viewers scores settings wallets",
        .listeners = {{"first", "first.player", "framing = line\n"},
                      {"poker", "poker.player", NULL}},
    };
    host *h = host_start(&options);
    swap_first(h);
    play_poker(h);
    char path[1024];
    char command[1100];
    host_module_path("empty_table", path, sizeof path);
    snprintf(command, sizeof command, "load %s", path);
    host_admin(h, command, NULL, 0);
    host_wait_figure(h, "rooms", 0);
    host_stop(h);
}

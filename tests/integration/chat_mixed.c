/* chat_mixed.c: a game over u16 and a person over `line` in one room see the same. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <string.h>

enum { NAME = 1, SAY = 3, WHO = 4, SAID = 100, NOTICE = 101, WRONG = 102, WHO_ANSWER = 103 };

static char text[4096];

/* Reads packets until one has `opcode` and contains `part`; at most 100 of them. */
static void find_packet(net_socket s, wire_kind kind, uint16_t opcode, const char *part) {
    bool there = false;
    for (int i = 0; i < 100 && !there; i++) {
        uint16_t found = 0;
        int64_t size = wire_recv(s, kind, &found, text, sizeof text - 1);
        CHECK(size >= 0);
        text[size] = '\0';
        there = found == opcode && strstr(text, part) != NULL;
    }
    CHECK(there);
}

static void command(net_socket s, wire_kind kind, uint16_t opcode, const char *payload) {
    CHECK(wire_send(s, kind, opcode, payload, (uint32_t)strlen(payload)));
}

SCENARIO(chat_mixed) {
    host_options options = {
        .name = "chat_mixed",
        .modules = "chat",
        .listeners =
            {
                {"talk", "chat.user", "framing = line\n"},
                {"game", "chat.user", NULL},
                {"large", "chat.user", "framing = u32\n"},
            },
    };
    host *h = host_start(&options);
    net_socket person = net_connect(host_port(h, "talk"));
    CHECK(wire_send_line(person, "/name paula"));
    CHECK(wire_find_line(person, "* you are now paula", text, sizeof text));

    net_socket game = net_connect(host_port(h, "game"));
    command(game, WIRE_U16, NAME, "paula");
    find_packet(game, WIRE_U16, WRONG, "taken");
    command(game, WIRE_U16, NAME, "gus");
    find_packet(game, WIRE_U16, NOTICE, "* you are now gus");
    CHECK(wire_find_line(person, "is now gus", text, sizeof text));

    net_socket large = net_connect(host_port(h, "large"));
    command(large, WIRE_U32, NAME, "lars");
    find_packet(large, WIRE_U32, NOTICE, "* you are now lars");

    command(game, WIRE_U16, SAY, "hello, terminal");
    CHECK(wire_find_line(person, "gus: hello, terminal", text, sizeof text));
    CHECK_TEXT(text, "gus: hello, terminal");
    find_packet(large, WIRE_U32, SAID, "gus: hello, terminal");
    CHECK(wire_send_line(person, "hello, game"));
    find_packet(game, WIRE_U16, SAID, "paula: hello, game");
    CHECK_TEXT(text, "paula: hello, game");
    find_packet(large, WIRE_U32, SAID, "paula: hello, game");
    command(game, WIRE_U16, WHO, "");
    find_packet(game, WIRE_U16, WHO_ANSWER, "= lobby (3): paula, gus, lars");
    command(large, WIRE_U32, 0, "as text");
    CHECK(wire_find_line(person, "lars: as text", text, sizeof text));

    net_close(game);
    CHECK(wire_find_line(person, "* gus has gone", text, sizeof text));
    net_close(person);
    net_close(large);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

/* chat_line.c: two people at terminals talk through the plugin `chat`, as with nc. */
#include "support/check.h"
#include "support/host.h"
#include "support/wire.h"

#include <string.h>

enum { LINE = 4096 };

static char line[LINE];

static void expect(net_socket s, const char *text) {
    CHECK(wire_recv_line(s, line, sizeof line));
    CHECK_TEXT(line, text);
}

static void say(net_socket s, const char *text) {
    CHECK(wire_send_line(s, text));
}

static net_socket person(host *h, const char *name) {
    char command[64] = "/name ";
    char answer[64] = "* you are now ";
    net_socket s = net_connect(host_port(h, "talk"));
    CHECK(wire_find_line(s, "* guest-", line, sizeof line));
    CHECK(strstr(line, " has come to room lobby") != NULL);
    strncat(command, name, 32);
    strncat(answer, name, 32);
    say(s, command);
    CHECK(wire_find_line(s, answer, line, sizeof line));
    return s;
}

static void names(host *h, net_socket anna, net_socket bob) {
    say(bob, "/name anna");
    expect(bob, "! you cannot be called anna: the name is taken");
    say(bob, "/name two words");
    CHECK(wire_find_line(bob, "! a name is", line, sizeof line));
    say(bob, "/name guest-1");
    CHECK(wire_find_line(bob, "! a name is", line, sizeof line));
    char sessions[4096];
    host_admin(h, "sessions", sessions, sizeof sessions);
    CHECK(strstr(sessions, " anna ") != NULL);
    CHECK(strstr(sessions, " bob ") != NULL);
    say(anna, "/who");
    expect(anna, "= lobby (2): anna, bob");
}

static void talking(net_socket anna, net_socket bob) {
    say(anna, "hello\tthere\x01!");
    expect(anna, "anna: hello there !");
    expect(bob, "anna: hello there !");
    CHECK(net_send_all(bob, "hi, anna\r\n\r\n\n",
                       12)); /* a terminal that sends CRLF, and empty lines */
    expect(anna, "bob: hi, anna");
    expect(bob, "bob: hi, anna");
    CHECK(net_send_all(bob, "\xFF\xC3\n", 3));
    expect(anna, "bob: \xEF\xBF\xBD\xEF\xBF\xBD");
    expect(bob, "bob: \xEF\xBF\xBD\xEF\xBF\xBD");
    say(anna, "/tell bob a secret");
    expect(anna, "you to bob: a secret");
    expect(bob, "anna to you: a secret");
    say(anna, "/tell nobody a secret");
    expect(anna, "! nobody here is called nobody");
    say(anna, "/dance");
    expect(anna, "! there is no such command: /help lists them");
}

static void rooms(net_socket anna, net_socket bob) {
    say(bob, "/join cellar");
    expect(anna, "* bob has left room lobby");
    CHECK(wire_find_line(bob, "* bob has come to room cellar", line, sizeof line));
    say(bob, "anybody?");
    CHECK(wire_find_line(bob, "bob: anybody?", line, sizeof line));
    say(anna, "nobody hears me");
    expect(anna, "anna: nobody hears me"); /* but not what bob said in the cellar */
    say(bob, "/join lobby");
    expect(anna, "* bob has come to room lobby");
    CHECK(wire_find_line(bob, "* bob has come to room lobby", line, sizeof line));
    say(bob, "/leave");
    expect(anna, "* bob has left room lobby");
    say(bob, "hm");
    CHECK(wire_find_line(bob, "! you are in no room: /join ROOM", line, sizeof line));
    say(bob, "/join lobby");
    CHECK(wire_find_line(bob, "* bob has come to room lobby", line, sizeof line));
    expect(anna, "* bob has come to room lobby");
}

static void leaving(host *h, net_socket anna, net_socket bob) {
    say(bob, "/quit");
    CHECK(wire_find_line(bob, "* good bye, bob", line, sizeof line));
    CHECK_INT(net_recv_some(bob, line, 1), NET_END);
    net_close(bob);
    expect(anna, "* bob has gone");
    net_socket again = person(h, "bob"); /* the name is free again */
    CHECK(wire_find_line(anna, "is now bob", line, sizeof line));
    net_reset(again);
    expect(anna, "* bob has gone");
}

SCENARIO(chat_line) {
    host_options options = {
        .name = "chat_line",
        .modules = "chat",
        .listeners = {{"talk", "chat.user", "framing = line\n"}},
    };
    host *h = host_start(&options);
    net_socket anna = person(h, "anna");
    net_socket bob = person(h, "bob");
    CHECK(wire_find_line(anna, "is now bob", line, sizeof line));
    names(h, anna, bob);
    talking(anna, bob);
    rooms(anna, bob);
    leaving(h, anna, bob);
    net_close(anna);
    host_wait_figure(h, "sessions", 0);
    host_stop(h);
}

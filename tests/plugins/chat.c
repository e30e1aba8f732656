/* chat.c: what people and games see of the chat, and what hostile clients cannot make others
 * see. */
#include "base/text.h"
#include "fake_host.h"

#include "support/check.h"

#include <stdio.h>
#include <string.h>

enum { NAME = 1, JOIN, SAY, WHO, TELL, QUIT, LEAVE };
enum { SAID = 100, NOTICE, WRONG, LIST, TOLD };

#define FFFD "\xEF\xBF\xBD"

/* Whatever comes in, only single lines of plain UTF-8 go out. */
static bool is_plain_line(uint16_t opcode, const void *data, uint32_t size) {
    return opcode >= SAID && opcode <= TOLD && size > 0 && size < 4400 && text_is_plain(data, size);
}

/* A session with this name, in the lobby, without unread lines. */
static portico_session person(const char *name) {
    portico_session session = fake_open(PORTICO_OK);
    fake_text(session, NAME, name);
    fake_forget(session);
    return session;
}

static void test_configuration(void) {
    fake_config("default_room", "no room");
    fake_check(fake_load() == PORTICO_E_INVALID, "a room's name with a space is refused");
    fake_config("max_text_bytes", "63");
    fake_check(fake_load() == PORTICO_E_INVALID, "63 bytes are refused");
    fake_config("motd", "be kind");
    fake_config("default_room", "hall");
    fake_check(fake_load() == PORTICO_OK, "chat loads");
    portico_session one = fake_open(PORTICO_OK);
    fake_expect_text(one, NOTICE, "* be kind");
    fake_expect_text(one, NOTICE, "* /help lists the commands");
    fake_expect_text(one, NOTICE, "* guest-1000 has come to room hall");
    fake_expect_nothing(one);
    fake_close(one, PORTICO_E_EOF);

    fake_check(fake_load() == PORTICO_OK, "chat loads without a section");
    fake_refuse(PORTICO_E_NO_MEMORY, 1);
    one = fake_open(PORTICO_E_NO_MEMORY);
    fake_close(one, PORTICO_E_NO_MEMORY);
}

/* Opcodes and words do the same. */
static void test_talk(void) {
    portico_session ann = person("ann");
    portico_session bob = person("bob");
    fake_expect_text(ann, NOTICE, "* guest-1003 has come to room lobby");
    fake_expect_text(ann, NOTICE, "* guest-1003 is now bob");
    fake_text(ann, 0, "hello, b\303\266b: \xF0\x9F\x98\x80");
    fake_text(bob, SAY, "/who");
    fake_text(bob, 0, "  /say   two  words  ");
    for (int i = 0; i < 2; i++) {
        portico_session to = i == 0 ? ann : bob;
        fake_expect_text(to, SAID, "ann: hello, b\303\266b: \xF0\x9F\x98\x80");
        fake_expect_text(to, SAID, "bob: /who");
        fake_expect_text(to, SAID, "bob: two  words");
    }
    fake_text(ann, 0, "/who");
    fake_expect_text(ann, LIST, "= lobby (2): ann, bob");
    fake_text(bob, WHO, "");
    fake_expect_text(bob, LIST, "= lobby (2): ann, bob");
    fake_text(ann, TELL, "bob  a secret");
    fake_expect_text(bob, TOLD, "ann to you: a secret");
    fake_expect_text(ann, TOLD, "you to bob: a secret");
    fake_text(ann, 0, "/tell carl hi");
    fake_expect_text(ann, WRONG, "! nobody here is called carl");
    fake_text(ann, 0, "/tell bob");
    fake_expect_text(ann, WRONG, "! whom, and what? /tell NAME TEXT");
    fake_refuse(PORTICO_E_BACKLOG, 1);
    fake_text(ann, 0, "/tell bob more");
    fake_expect_text(ann, WRONG, "! bob cannot take more now");
    fake_text(ann, 0, "/help");
    fake_expect_text(ann, NOTICE, "* /say TEXT, or just TEXT: speak to all in the room");
    fake_forget(ann);
    fake_text(bob, 0, "/quit");
    fake_expect_text(bob, NOTICE, "* good bye, bob");
    fake_check(fake_is_closing(bob), "/quit closes");
    fake_close(bob, PORTICO_E_CLOSED);
    fake_expect_text(ann, NOTICE, "* bob has gone");
    fake_expect_nothing(ann);
    fake_close(ann, PORTICO_E_SHUTDOWN);
}

static void test_rooms(void) {
    portico_session ann = person("ann");
    portico_session bob = person("bob");
    fake_forget(ann);
    fake_text(ann, JOIN, "den");
    fake_expect_text(ann, NOTICE, "* ann has left room lobby");
    fake_expect_text(ann, NOTICE, "* ann has come to room den");
    fake_expect_text(bob, NOTICE, "* ann has left room lobby");
    fake_text(ann, SAY, "alone");
    fake_expect_text(ann, SAID, "ann: alone");
    fake_expect_nothing(bob);
    fake_text(ann, 0, "/join den");
    fake_expect_text(ann, WRONG, "! you cannot enter room den: you are there");
    fake_refuse(PORTICO_E_NO_MEMORY, 1);
    fake_text(ann, 0, "/join lobby");
    fake_expect_text(ann, WRONG, "! you cannot enter room lobby: not now");
    fake_text(ann, WHO, "");
    fake_expect_text(ann, LIST, "= den (1): ann");
    fake_text(ann, LEAVE, "");
    fake_expect_text(ann, NOTICE, "* ann has left room den");
    static const char *const needs_room[] = {"/leave", "/who", "hello?", "/say x"};
    for (size_t i = 0; i < sizeof needs_room / sizeof needs_room[0]; i++) {
        fake_text(ann, 0, needs_room[i]);
        fake_expect_text(ann, WRONG, "! you are in no room: /join ROOM");
    }
    fake_text(bob, TELL, "ann still there?");
    fake_expect_text(ann, TOLD, "bob to you: still there?");
    fake_text(ann, NAME, "anna");
    fake_expect_text(ann, NOTICE, "* you are now anna");
    fake_forget(bob);
    fake_close(ann, PORTICO_E_RESET);
    fake_expect_nothing(bob);
    fake_close(bob, PORTICO_E_UNLOADED);
}

/* A room that closes before somebody arrives is created anew; an empty room closes. */
static void test_room_closes(void) {
    portico_session ann = person("ann");
    fake_text(ann, JOIN, "attic");
    fake_forget(ann);
    portico_room attic = fake_room_of("attic");
    portico_session bob = person("bob");
    fake_close_room_on_arrival(attic);
    fake_text(bob, JOIN, "attic");
    fake_expect_text(bob, NOTICE, "* bob has left room lobby");
    fake_expect_text(bob, NOTICE, "* bob has come to room attic");
    fake_expect_nothing(bob);
    fake_check(fake_room_of("attic") != 0 && fake_room_of("attic") != attic,
               "there is a new attic");
    fake_expect_nothing(ann);
    fake_text(ann, WHO, "");
    fake_expect_text(ann, WRONG, "! you are in no room: /join ROOM");
    fake_text(bob, 0, "/shout fire!"); /* also reaches users in no room */
    fake_expect_text(ann, TOLD, "bob to all: fire!");
    fake_expect_text(bob, TOLD, "bob to all: fire!");
    fake_text(ann, 0, "/shout");
    fake_expect_text(ann, WRONG, "! shout what?");
    fake_advance(5000);
    fake_check(fake_room_of("attic") != 0 && fake_room_of("lobby") == 0, "an empty room closes");
    fake_close(bob, PORTICO_E_EOF);
    fake_close(ann, PORTICO_E_EOF);
    fake_advance(5000);
    fake_check(fake_room_of("attic") == 0, "the last room closes");
}

static void test_names(void) {
    /* clang-format off */
    static const char *const bad[] = {
        "", "two words", "a:b", "* a", "!", "guest-7", "\xC3\xA9t\xC3\xA9",
        "a\nb", "\xFF", "a/b", "12345678901234567890123456789012"};
    /* clang-format on */
    portico_session ann = person("ann");
    portico_session bob = person("bob");
    fake_forget(ann);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        fake_text(ann, NAME, bad[i]);
        fake_expect_text(ann, WRONG,
                         "! a name is up to 31 letters, digits, _ and -, not guest-...");
    }
    fake_text(ann, 0, "/name bob");
    fake_expect_text(ann, WRONG, "! you cannot be called bob: the name is taken");
    fake_text(ann, 0, "/name 1234567890123456789012345678901");
    fake_forget(ann);
    fake_close(bob, PORTICO_E_EOF);
    fake_forget(ann);
    fake_text(ann, 0, "/name bob");
    fake_expect_text(ann, NOTICE, "* you are now bob");
    fake_expect_nothing(ann);
    fake_close(ann, PORTICO_E_EOF);
}

static void test_hostile(void) {
    static const struct {
        const char *sent;
        const char *seen; /* NULL: nothing */
    } cases[] = {
        {"a\nbob: I owe you", "eve: a bob: I owe you"},
        {"a\r\n* bob has gone", "eve: a  * bob has gone"},
        {"a\x1B[2Jb\177c\td", "eve: a [2Jb c d"},
        {"a\302\205b\342\200\250c\342\200\256d", "eve: a b c d"},
        {"\xFF\xC0\xAF\xED\xA0\x80", "eve: " FFFD FFFD FFFD FFFD FFFD FFFD},
        {"cut \xE2\x82", "eve: cut " FFFD FFFD},
        {"\xE0\x80\xAF", "eve: " FFFD FFFD FFFD},
        {"\xFC\x80\x80\x80", "eve: " FFFD FFFD FFFD FFFD},
        {"100% %s%n", "eve: 100% %s%n"},
        {"", NULL},
        {" \t\r\n ", NULL},
    };
    portico_session eve = person("eve");
    portico_session bob = person("bob");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_forget(bob);
        fake_text(eve, 0, cases[i].sent);
        if (cases[i].seen != NULL) {
            fake_expect_text(bob, SAID, cases[i].seen);
        }
        fake_expect_nothing(bob);
    }
    fake_packet(eve, 0, "a\0b", 3);
    fake_expect_text(bob, SAID, "eve: a b");
    fake_forget(eve);
    static const char *const unknown[] = {"/", "/ who", "/WHO", "//", "/nosuch x", "/say\377x"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        fake_text(eve, 0, unknown[i]);
        fake_expect_text(eve, WRONG, "! there is no such command: /help lists them");
    }
    fake_packet(eve, 65535, "x", 1);
    fake_expect_text(eve, WRONG, "! there is no such command: /help lists them");
    fake_text(eve, SAY, "");
    fake_expect_text(eve, WRONG, "! say what?");
    fake_expect_nothing(bob);
    fake_close(eve, PORTICO_E_FLOOD);
    fake_close(bob, PORTICO_E_EOF);
}

/* Long text is cut at a whole character, and the sender is notified. */
static void test_long(void) {
    static char text[65531];
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = "\xE2\x82\xAC"[i % 3];
    }
    static char seen[600] = "ann: ";
    memcpy(seen + 5, text, 510);
    portico_session ann = person("ann");
    fake_packet(ann, SAY, text, sizeof text);
    fake_expect_text(ann, WRONG, "! that was too long: cut to 512 bytes");
    fake_expect_text(ann, SAID, seen);
    fake_packet(ann, NAME, text, sizeof text);
    fake_packet(ann, 0, text, 512);
    fake_close(ann, PORTICO_E_EOF);

    fake_config("max_text_bytes", "4096");
    fake_check(fake_load() == PORTICO_OK, "4096 bytes are allowed");
    ann = person("1234567890123456789012345678901");
    portico_session bob = person("1234567890123456789012345678902");
    memset(text, 'x', sizeof text);
    fake_forget(ann);
    fake_packet(ann, TELL, text, sizeof text);
    static const char name[] = {"1234567890123456789012345678902 "};
    memcpy(text, name, sizeof name - 1);
    fake_packet(ann, TELL, text, sizeof text);
    fake_packet(ann, SAY, text, sizeof text);
    fake_close(ann, PORTICO_E_EOF);
    fake_close(bob, PORTICO_E_EOF);
}

/* More people than one answer to /who lists. */
static void test_crowd(portico_session crowd[], uint32_t count) {
    char name[32];
    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(name, sizeof name, "%031u", (unsigned)i);
        crowd[i] = person(name);
    }
    fake_forget(crowd[0]);
    fake_text(crowd[0], WHO, "");
    static char list[4096];
    int used = snprintf(list, sizeof list, "= lobby (%u): ", (unsigned)count);
    for (uint32_t i = 0; i < 50 && i < count; i++) {
        used += snprintf(list + used, sizeof list - (size_t)used, "%s%031u", i > 0 ? ", " : "",
                         (unsigned)i);
    }
    (void)snprintf(list + used, sizeof list - (size_t)used, "%s", count > 50 ? ", ..." : "");
    fake_expect_text(crowd[0], LIST, list);
}

/* Random packets of meaningful pieces; is_plain_line checks what others see. */
static void test_random(const portico_session crowd[], uint32_t count, uint32_t rounds) {
    /* clang-format off */
    static const char *const pieces[] = {
        "/", "say", "tell", "join", "name", "leave", "who", " ", "\n", "\r",
        "den", "0", ":", "\xFF", "\xE2\x82", "\xC2\x85", "\xF0\x9F\x98\x80"};
    /* clang-format on */
    uint32_t seed = 2463534242u;
    for (uint32_t i = 0; i < rounds; i++) {
        char text[512];
        uint32_t size = 0;
        for (uint32_t left = seed >> 27; left > 0; left--) {
            seed = seed * 1664525u + 1013904223u;
            const char *piece = pieces[(seed >> 16) % (sizeof pieces / sizeof pieces[0])];
            size += (uint32_t)snprintf(text + size, sizeof text - size, "%s", piece);
        }
        seed = seed * 1664525u + 1013904223u;
        uint16_t opcode = (uint16_t)((seed >> 20) % 9);
        portico_session from = crowd[(seed >> 8) % count];
        fake_packet(from, opcode == QUIT ? 0 : opcode, text, size);
        for (uint32_t k = 0; k < count; k++) {
            fake_forget(crowd[k]);
        }
    }
}

SCENARIO(chat) {
    fake_open_module("chat");
    fake_watch(is_plain_line);
    test_configuration();
    test_talk();
    test_rooms();
    test_room_closes();
    test_names();
    test_hostile();
    test_long();
    static portico_session crowd[60];
    test_crowd(crowd, 60);
    test_random(crowd, 60, 20000);
    for (uint32_t i = 0; i < 60; i++) {
        fake_close(crowd[i], PORTICO_E_SHUTDOWN);
    }
}

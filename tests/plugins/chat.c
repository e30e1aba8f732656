/* chat.c: what people and games see of the chat, and what hostile clients cannot make others
 * see. */
#include <portico_testing.h>

#include <stdio.h>
#include <stdlib.h>

enum { NAME = 1, JOIN, SAY, WHO, TELL, QUIT, LEAVE };
enum { SAID = 100, NOTICE, WRONG, LIST, TOLD };

#define FFFD "\xEF\xBF\xBD"
#define ROOM_TYPE "chat.room"

/* The length of the character at the start; 0: it is no UTF-8, ends or hides what precedes it. */
static uint32_t plain_character(const uint8_t *at, uint32_t size) {
    uint32_t length = at[0] < 0x80 ? 1 : at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
    uint32_t code = length == 1 ? at[0] : at[0] & (0x7Fu >> length);
    if (length > size || (at[0] >= 0x80 && at[0] < 0xC2) || at[0] > 0xF4) {
        return 0;
    }
    for (uint32_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80) {
            return 0;
        }
        code = code << 6 | (at[i] & 0x3F);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    bool bad = code < 0x20 || (code >= 0x7F && code < 0xA0) || code < least[length] ||
               (code >= 0xD800 && code < 0xE000) || (code >= 0x2028 && code <= 0x202E);
    return bad ? 0 : length;
}

static bool is_plain(const uint8_t *at, uint32_t size) {
    while (size > 0) {
        uint32_t length = plain_character(at, size);
        if (length == 0) {
            return false;
        }
        at += length;
        size -= length;
    }
    return true;
}

/* Takes the next packet, if there is one. Whatever comes in, only single lines of plain UTF-8 go
 * out. */
static bool take(portico_client *c, portico_packet *packet) {
    if (!portico_client_next(c, packet)) {
        return false;
    }
    PORTICO_CHECK(packet->opcode >= SAID && packet->opcode <= TOLD);
    PORTICO_CHECK(packet->size > 0 && packet->size < 4400);
    PORTICO_CHECK(is_plain(packet->data, packet->size));
    return true;
}

static void forget(portico_client *c) {
    portico_packet packet;
    while (take(c, &packet)) {
    }
}

static void say(portico_client *c, uint16_t opcode, const char *text) {
    portico_client_send_text(c, opcode, text);
}

#define EXPECT(c, opcode, text) portico_client_expect_text((c), (opcode), (text))
#define EXPECT_NOTHING(c) portico_client_expect_nothing(c)

/* A client with this name, in the lobby, without unread lines. */
static portico_client *person(portico_test *t, const char *name) {
    portico_client *c = portico_test_connect(t, "chat.user");
    say(c, NAME, name);
    forget(c);
    return c;
}

static portico_room room_of(const char *name) {
    return portico->room_find(ROOM_TYPE, name);
}

/* ---- settings ---------------------------------------------------------------------------- */

static void settings(portico_test *t) {
    char text[64];
    portico_packet packet;
    portico_test_start(t, "motd = be kind\n"
                          "default_room = hall\n");
    portico_client *one = portico_test_connect(t, NULL);
    EXPECT(one, NOTICE, "* be kind");
    EXPECT(one, NOTICE, "* /help lists the commands");
    PORTICO_CHECK(take(one, &packet));
    unsigned long long number = strtoull((const char *)packet.data + strlen("* guest-"), NULL, 10);
    (void)snprintf(text, sizeof text, "* guest-%llu has come to room hall", number);
    PORTICO_CHECK_TEXT((const char *)packet.data, text);
    EXPECT_NOTHING(one);
}

static void room_with_space(portico_test *t) {
    PORTICO_CHECK(!portico_test_try_start(t, "default_room = no room\n"));
    PORTICO_CHECK(portico_test_logged(t, "default_room = no room") > 0);
}

static void short_texts(portico_test *t) {
    PORTICO_CHECK(!portico_test_try_start(t, "max_text_bytes = 63\n"));
    PORTICO_CHECK(portico_test_logged(t, "max_text_bytes") > 0);
}

static void no_label(portico_test *t) {
    portico_test_start(t, NULL);
    portico_test_refuse(t, "session_set_label", PORTICO_E_NO_MEMORY, 1);
    PORTICO_CHECK(portico_client_is_closed(portico_test_connect(t, NULL)));
    PORTICO_CHECK(!portico_client_is_closed(portico_test_connect(t, NULL)));
}

/* ---- talking ----------------------------------------------------------------------------- */

/* Opcodes and words do the same. */
static void talk(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *ann = person(t, "ann");
    portico_client *bob = person(t, "bob");
    forget(ann);
    say(ann, 0, "hello, b\303\266b: \xF0\x9F\x98\x80");
    portico_test_settle(t);
    say(bob, SAY, "/who");
    say(bob, 0, "  /say   two  words  ");
    for (int i = 0; i < 2; i++) {
        portico_client *to = i == 0 ? ann : bob;
        EXPECT(to, SAID, "ann: hello, b\303\266b: \xF0\x9F\x98\x80");
        EXPECT(to, SAID, "bob: /who");
        EXPECT(to, SAID, "bob: two  words");
    }
    say(ann, 0, "/who");
    EXPECT(ann, LIST, "= lobby (2): ann, bob");
    say(bob, WHO, "");
    EXPECT(bob, LIST, "= lobby (2): ann, bob");
    say(ann, TELL, "bob  a secret");
    EXPECT(bob, TOLD, "ann to you: a secret");
    EXPECT(ann, TOLD, "you to bob: a secret");
    say(ann, 0, "/tell carl hi");
    EXPECT(ann, WRONG, "! nobody here is called carl");
    say(ann, 0, "/tell bob");
    EXPECT(ann, WRONG, "! whom, and what? /tell NAME TEXT");
    portico_test_refuse(t, "session_send", PORTICO_E_BACKLOG, 1);
    say(ann, 0, "/tell bob more");
    EXPECT(ann, WRONG, "! bob cannot take more now");
    say(ann, 0, "/help");
    EXPECT(ann, NOTICE, "* /say TEXT, or just TEXT: speak to all in the room");
    forget(ann);
    say(bob, 0, "/quit");
    EXPECT(bob, NOTICE, "* good bye, bob");
    PORTICO_CHECK(portico_client_is_closed(bob));
    EXPECT(ann, NOTICE, "* bob has gone");
    EXPECT_NOTHING(ann);
}

static void stop(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *ann = person(t, "ann");
    portico_client *bob = person(t, "bob");
    forget(ann);
    portico_test_stop(t);
    EXPECT_NOTHING(ann);
    EXPECT_NOTHING(bob);
    PORTICO_CHECK(portico_client_is_closed(ann));
}

/* A person with a terminal, and a game. */
static void terminal(portico_test *t) {
    portico_test_start(t, "[listener people]\n"
                          "type = chat.user\n"
                          "framing = line\n"
                          "[listener games]\n"
                          "type = chat.user\n");
    portico_client *ann = portico_test_connect(t, "people");
    portico_client *bot = portico_test_connect(t, "games");
    say(ann, 0, "/name ann");
    say(bot, NAME, "bot");
    portico_client_forget(ann); /* lines have no opcode that forget() could check */
    forget(bot);
    say(ann, 0, "hello\r");
    EXPECT(ann, 0, "ann: hello");
    EXPECT(bot, SAID, "ann: hello");
}

/* ---- rooms ------------------------------------------------------------------------------- */

static void rooms(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *ann = person(t, "ann");
    portico_client *bob = person(t, "bob");
    forget(ann);
    say(ann, JOIN, "den");
    EXPECT(ann, NOTICE, "* ann has left room lobby");
    EXPECT(ann, NOTICE, "* ann has come to room den");
    EXPECT(bob, NOTICE, "* ann has left room lobby");
    say(ann, SAY, "alone");
    EXPECT(ann, SAID, "ann: alone");
    EXPECT_NOTHING(bob);
    say(ann, 0, "/join den");
    EXPECT(ann, WRONG, "! you cannot enter room den: you are there");
    portico_test_refuse(t, "session_join", PORTICO_E_NO_MEMORY, 1);
    say(ann, 0, "/join lobby");
    EXPECT(ann, WRONG, "! you cannot enter room lobby: not now");
    say(ann, WHO, "");
    EXPECT(ann, LIST, "= den (1): ann");
    say(ann, LEAVE, "");
    EXPECT(ann, NOTICE, "* ann has left room den");
    static const char *const needs_room[] = {"/leave", "/who", "hello?", "/say x"};
    for (size_t i = 0; i < sizeof needs_room / sizeof needs_room[0]; i++) {
        say(ann, 0, needs_room[i]);
        EXPECT(ann, WRONG, "! you are in no room: /join ROOM");
    }
    say(bob, TELL, "ann still there?");
    EXPECT(ann, TOLD, "bob to you: still there?");
    say(ann, NAME, "anna");
    EXPECT(ann, NOTICE, "* you are now anna");
    forget(bob);
    portico_client_drop(ann);
    EXPECT_NOTHING(bob);
}

/* A room that closes leaves its members in no room; an empty one closes, unless somebody is just
 * about to come. */
static void room_closes(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *ann = person(t, "ann");
    portico_client *bob = person(t, "bob");
    say(ann, JOIN, "attic");
    forget(ann);
    forget(bob);
    PORTICO_CHECK_INT(portico->room_close(room_of("attic"), PORTICO_E_CLOSED), PORTICO_OK);
    say(ann, WHO, "");
    EXPECT(ann, WRONG, "! you are in no room: /join ROOM");
    say(bob, JOIN, "attic");
    EXPECT(bob, NOTICE, "* bob has left room lobby");
    EXPECT(bob, NOTICE, "* bob has come to room attic");
    say(bob, 0, "/shout fire!"); /* also reaches users in no room */
    EXPECT(ann, TOLD, "bob to all: fire!");
    EXPECT(bob, TOLD, "bob to all: fire!");
    say(ann, 0, "/shout");
    EXPECT(ann, WRONG, "! shout what?");
    portico_test_advance(t, 5000);
    PORTICO_CHECK(room_of("attic").id != 0 && room_of("lobby").id == 0);
    portico_client_close(bob);
    portico_client_close(ann);
    portico_test_advance(t, 5000);
    PORTICO_CHECK(room_of("attic").id == 0);
}

/* Whether this line is among those that the client has not read. */
static bool has_read(portico_client *c, const char *line) {
    portico_packet packet;
    bool found = false;
    while (take(c, &packet)) {
        found = found || strcmp((const char *)packet.data, line) == 0;
    }
    return found;
}

/* The room closes before ann has asked to enter it, while she is on her way, or when she is there:
 * the seed decides. She always arrives, in the old room or in a new one. */
static void closes_on_arrival(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *ann = person(t, "ann");
    for (int i = 0; i < 20; i++) {
        portico_client *bob = person(t, "bob");
        say(bob, JOIN, "attic");
        portico_test_settle(t);
        portico_room attic = room_of("attic");
        forget(ann);
        say(ann, JOIN, "attic");
        for (uint32_t left = portico_test_random(t, 200); left > 0; left--) {
            (void)room_of("attic"); /* takes time */
        }
        PORTICO_CHECK_INT(portico->room_close(attic, PORTICO_E_CLOSED), PORTICO_OK);
        PORTICO_CHECK(has_read(ann, "* ann has come to room attic"));
        say(ann, JOIN, "lobby");
        portico_client_close(bob);
    }
}

/* ---- names and texts --------------------------------------------------------------------- */

static void names(portico_test *t) {
    /* clang-format off */
    static const char *const bad[] = {
        "", "two words", "a:b", "* a", "!", "guest-7", "\xC3\xA9t\xC3\xA9",
        "a\nb", "\xFF", "a/b", "12345678901234567890123456789012"};
    /* clang-format on */
    portico_test_start(t, NULL);
    portico_client *ann = person(t, "ann");
    portico_client *bob = person(t, "bob");
    forget(ann);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        say(ann, NAME, bad[i]);
        EXPECT(ann, WRONG, "! a name is up to 31 letters, digits, _ and -, not guest-...");
    }
    say(ann, 0, "/name bob");
    EXPECT(ann, WRONG, "! you cannot be called bob: the name is taken");
    say(ann, 0, "/name 1234567890123456789012345678901");
    forget(ann);
    portico_client_close(bob);
    forget(ann);
    say(ann, 0, "/name bob");
    EXPECT(ann, NOTICE, "* you are now bob");
    EXPECT_NOTHING(ann);
}

static void hostile(portico_test *t) {
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
    portico_test_start(t, NULL);
    portico_client *eve = person(t, "eve");
    portico_client *bob = person(t, "bob");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        forget(bob);
        say(eve, 0, cases[i].sent);
        if (cases[i].seen != NULL) {
            EXPECT(bob, SAID, cases[i].seen);
        }
        EXPECT_NOTHING(bob);
    }
    portico_client_send(eve, 0, "a\0b", 3);
    EXPECT(bob, SAID, "eve: a b");
    forget(eve);
    static const char *const unknown[] = {"/", "/ who", "/WHO", "//", "/nosuch x", "/say\377x"};
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        say(eve, 0, unknown[i]);
        EXPECT(eve, WRONG, "! there is no such command: /help lists them");
    }
    portico_client_send(eve, 65535, "x", 1);
    EXPECT(eve, WRONG, "! there is no such command: /help lists them");
    say(eve, SAY, "");
    EXPECT(eve, WRONG, "! say what?");
    EXPECT_NOTHING(bob);
}

/* Long text is cut at a whole character, and the sender is notified. */
static void long_text(portico_test *t) {
    static char text[65531];
    static char seen[600] = "ann: ";
    portico_test_start(t, NULL);
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = "\xE2\x82\xAC"[i % 3];
    }
    memcpy(seen + 5, text, 510);
    portico_client *ann = person(t, "ann");
    portico_client_send(ann, SAY, text, sizeof text);
    EXPECT(ann, WRONG, "! that was too long: cut to 512 bytes");
    EXPECT(ann, SAID, seen);
    portico_client_send(ann, NAME, text, sizeof text);
    portico_client_send(ann, 0, text, 512);
    forget(ann);
}

static void longest_text(portico_test *t) {
    static char text[65531];
    static const char name[] = {"1234567890123456789012345678902 "};
    portico_test_start(t, "max_text_bytes = 4096\n");
    portico_client *ann = person(t, "1234567890123456789012345678901");
    portico_client *bob = person(t, "1234567890123456789012345678902");
    memset(text, 'x', sizeof text);
    forget(ann);
    portico_client_send(ann, TELL, text, sizeof text);
    memcpy(text, name, sizeof name - 1);
    portico_client_send(ann, TELL, text, sizeof text);
    portico_client_send(ann, SAY, text, sizeof text);
    forget(ann);
    forget(bob);
}

/* ---- crowds ------------------------------------------------------------------------------ */

enum { CROWD = 60 };

static void crowd_come(portico_test *t, portico_client *crowd[], uint32_t count) {
    char name[32];
    for (uint32_t i = 0; i < count; i++) {
        (void)snprintf(name, sizeof name, "%031u", (unsigned)i);
        crowd[i] = person(t, name);
    }
}

/* More people than one answer to /who lists. */
static void crowd(portico_test *t) {
    static portico_client *people[CROWD];
    static char list[4096];
    portico_test_start(t, NULL);
    crowd_come(t, people, CROWD);
    forget(people[0]);
    say(people[0], WHO, "");
    int used = snprintf(list, sizeof list, "= lobby (%d): ", CROWD);
    for (uint32_t i = 0; i < 50; i++) {
        used += snprintf(list + used, sizeof list - (size_t)used, "%s%031u", i > 0 ? ", " : "",
                         (unsigned)i);
    }
    (void)snprintf(list + used, sizeof list - (size_t)used, ", ...");
    EXPECT(people[0], LIST, list);
}

/* Random packets of meaningful pieces, while the module is swapped. take() checks what others
 * see. */
static void random_texts(portico_test *t) {
    /* clang-format off */
    static const char *const pieces[] = {
        "/", "say", "tell", "join", "name", "leave", "who", " ", "\n", "\r",
        "den", "0", ":", "\xFF", "\xE2\x82", "\xC2\x85", "\xF0\x9F\x98\x80"};
    /* clang-format on */
    enum { PEOPLE = 8, ROUNDS = 300 };
    portico_client *people[PEOPLE];
    portico_test_start(t, NULL);
    crowd_come(t, people, PEOPLE);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        char text[512];
        uint32_t size = 0;
        for (uint32_t left = portico_test_random(t, 32); left > 0; left--) {
            const char *piece = pieces[portico_test_random(t, sizeof pieces / sizeof pieces[0])];
            size += (uint32_t)snprintf(text + size, sizeof text - size, "%s", piece);
        }
        uint16_t opcode = (uint16_t)portico_test_random(t, 9);
        portico_client_send(people[portico_test_random(t, PEOPLE)], opcode == QUIT ? 0 : opcode,
                            text, size);
        if (portico_test_random(t, 50) == 0) {
            portico_test_swap(t, NULL);
        }
        if (portico_test_random(t, 10) == 0) {
            for (uint32_t k = 0; k < PEOPLE; k++) {
                forget(people[k]);
            }
        }
    }
    for (uint32_t k = 0; k < PEOPLE; k++) {
        forget(people[k]);
        PORTICO_CHECK(!portico_client_is_closed(people[k]));
    }
}

int main(int argc, char **argv) {
    static const portico_test_case tests[] = {PORTICO_TEST(settings),
                                              PORTICO_TEST(room_with_space),
                                              PORTICO_TEST(short_texts),
                                              PORTICO_TEST(no_label),
                                              PORTICO_TEST(talk),
                                              PORTICO_TEST(stop),
                                              PORTICO_TEST(terminal),
                                              PORTICO_TEST(rooms),
                                              PORTICO_TEST(room_closes),
                                              PORTICO_TEST(closes_on_arrival),
                                              PORTICO_TEST(names),
                                              PORTICO_TEST(hostile),
                                              PORTICO_TEST(long_text),
                                              PORTICO_TEST(longest_text),
                                              PORTICO_TEST(crowd),
                                              PORTICO_TEST(random_texts),
                                              {NULL, NULL}};
    return portico_test_main(argc, argv, tests);
}

/* emotes.c: a module that joins another one's type sends to all of its sessions. */
#include <portico_testing.h>

enum { MOVE = 10, PLACE = 11, EMOTE = 30 };

static void everybody_else_sees_it(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *ann = portico_test_connect(t, "moves.player");
    portico_client *bob = portico_test_connect(t, "moves.player");
    portico_client_send_text(ann, EMOTE, "waves");
    portico_client_expect_text(bob, EMOTE, "waves");
    portico_client_expect_nothing(ann);
    portico_client_send(ann, MOVE, "\x01\x01", 2);
    portico_client_expect(ann, PLACE, "\x01\0\0\0\x01\0\0\0", 8);
}

static const portico_test_case tests[] = {PORTICO_TEST(everybody_else_sees_it), {NULL, NULL}};

int main(int argc, char **argv) {
    return portico_test_main(argc, argv, tests);
}

/* moves.c: declared packets reach the handler, and one of another size closes the session. */
#include <portico_testing.h>

enum { MOVE = 10, PLACE = 11 };

static void moves_and_refuses(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, "moves.player");
    portico_client_send(c, MOVE, "\x03\xff", 2);
    portico_client_expect(c, PLACE, "\x03\0\0\0\xff\xff\xff\xff", 8);
    portico_test_swap(t, NULL);
    portico_client_send(c, MOVE, "\x01\x02", 2);
    portico_client_expect(c, PLACE, "\x04\0\0\0\x01\0\0\0", 8);
    portico_client_send(c, MOVE, "\x01", 1);
    PORTICO_CHECK(portico_client_is_closed(c));
    PORTICO_CHECK_INT(portico_test_logged(t, "opcode MOVE (10)"), 1);
}

static const portico_test_case tests[] = {PORTICO_TEST(moves_and_refuses), {NULL, NULL}};

int main(int argc, char **argv) {
    return portico_test_main(argc, argv, tests);
}

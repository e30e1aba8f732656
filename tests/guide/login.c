/* login.c: a job answers in the session's turn, also when there is no file. */
#include <portico_testing.h>

enum { LOGIN = 1 };

static void looks_up(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, "login.player");
    portico_client_send_text(c, LOGIN, "ann");
    portico_client_expect(c, LOGIN, "", 0);
}

static const portico_test_case tests[] = {PORTICO_TEST(looks_up), {NULL, NULL}};

int main(int argc, char **argv) {
    return portico_test_main(argc, argv, tests);
}

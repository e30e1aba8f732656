/* greeter.c: an exception closes one session, and nobody else notices. */
#include <portico_testing.h>

enum { GREET = 1, SAY = 2 };

static void catches_exceptions(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *ann = portico_test_connect(t, "greeter.guest");
    portico_client *bob = portico_test_connect(t, "greeter.guest");
    portico_client_send_text(ann, GREET, "Ann");
    portico_client_expect_text(ann, GREET, "Ann");
    portico_client_send(bob, GREET, NULL, 0);
    PORTICO_CHECK(portico_client_is_closed(bob));
    PORTICO_CHECK_INT(portico_test_logged(t, "nobody to greet"), 1);
    portico_client_send_text(ann, SAY, "hello");
    portico_client_expect_text(ann, SAY, "hello");
}

static const portico_test_case tests[] = {PORTICO_TEST(catches_exceptions), {NULL, NULL}};

int main(int argc, char **argv) {
    return portico_test_main(argc, argv, tests);
}

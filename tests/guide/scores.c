/* scores.c: messages reach the module, and empty ones never do. */
#include <portico_testing.h>

enum { SCORE = 1 };

static void takes_scores(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, "scores.player");
    portico_client_send_text(c, SCORE, "ten");
    portico_test_swap(t, NULL);
    portico_client_send_text(c, SCORE, "twenty");
    PORTICO_CHECK(!portico_client_is_closed(c));
    portico_client_send(c, SCORE, NULL, 0);
    PORTICO_CHECK(portico_client_is_closed(c));
}

static const portico_test_case tests[] = {PORTICO_TEST(takes_scores), {NULL, NULL}};

int main(int argc, char **argv) {
    return portico_test_main(argc, argv, tests);
}

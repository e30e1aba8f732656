/* first.c: a swap of the guide's first module keeps the player and counts on. */
#include <portico_testing.h>

#define LINES               \
    "[listener lines]\n"    \
    "type = first.player\n" \
    "framing = line\n"

static void counts_after_a_swap(portico_test *t) {
    portico_test_start(t, LINES);
    portico_client *c = portico_test_connect(t, "lines");
    portico_client_send_text(c, 0, "hello");
    portico_client_expect_text(c, 0, "hello");
    portico_test_swap(t, "first_2");
    portico_client_send_text(c, 0, "again");
    portico_client_expect_text(c, 0, "line 1: again");
    portico_test_swap(t, "first_2");
    portico_client_send_text(c, 0, "and again");
    portico_client_expect_text(c, 0, "line 2: and again");
}

static const portico_test_case tests[] = {PORTICO_TEST(counts_after_a_swap), {NULL, NULL}};

int main(int argc, char **argv) {
    return portico_test_main(argc, argv, tests);
}

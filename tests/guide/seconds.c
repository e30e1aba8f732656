/* seconds.c: ticks come each second, also after the machine has slept, and after a swap. */
#include <portico_testing.h>

static void counts_seconds(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, "seconds.visitor");
    portico_test_advance(t, 999);
    portico_client_expect_nothing(c);
    portico_test_advance(t, 2);
    portico_client_expect_text(c, 0, "1 s");
    portico_test_swap(t, NULL);
    portico_test_advance(t, 1000);
    portico_client_expect_text(c, 0, "2 s");
    portico_test_stall(t, 5000);
    portico_test_advance(t, 1000);
    portico_client_forget(c);
    portico_test_advance(t, 1000);
    portico_client_expect_text(c, 0, "9 s");
}

static const portico_test_case tests[] = {PORTICO_TEST(counts_seconds), {NULL, NULL}};

int main(int argc, char **argv) {
    return portico_test_main(argc, argv, tests);
}

/* hello_test: hello in the real host, on a simulated system. It binds no port and takes
 * milliseconds; portico_testing.h says what a test can do. */
#include <portico_testing.h>

enum { SAY = 0 };

static void greets_and_counts(portico_test *t) {
    portico_test_start(t, "greeting = good evening\n"); /* begins with keys of [module hello] */
    portico_client *c = portico_test_connect(t, "hello.visitor");
    portico_client_expect_text(c, SAY, "good evening");
    portico_client_send_text(c, SAY, "one");
    portico_client_expect_text(c, SAY, "that was line 1");
    portico_client_expect_nothing(c);
}

/* A visitor's state is still there when the module has been replaced. */
static void counts_through_swaps(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, "hello.visitor");
    portico_client_expect_text(c, SAY, "welcome");
    portico_client_send_text(c, SAY, "one");
    portico_test_swap(t, NULL);
    portico_client_send_text(c, SAY, "two");
    portico_client_expect_text(c, SAY, "that was line 1");
    portico_client_expect_text(c, SAY, "that was line 2");
}

static const portico_test_case tests[] = {
    PORTICO_TEST(greets_and_counts), PORTICO_TEST(counts_through_swaps), {NULL, NULL}};

int main(int argc, char **argv) {
    return portico_test_main(argc, argv, tests);
}

/* wallets.c: the module loads, and a swap between equal states keeps a session. */
#include <portico_testing.h>

static void loads(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, "wallets.owner");
    portico_test_swap(t, NULL);
    PORTICO_CHECK(!portico_client_is_closed(c));
}

static const portico_test_case tests[] = {PORTICO_TEST(loads), {NULL, NULL}};

int main(int argc, char **argv) {
    return portico_test_main(argc, argv, tests);
}

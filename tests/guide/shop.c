/* shop.c: each request is answered, and a swap keeps the stock. */
#include <portico_testing.h>

enum { BUY = 1, BOUGHT = 2, SORRY = 3 };

static void sells_what_there_is(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *ann = portico_test_connect(t, "shop.player");
    portico_client *bob = portico_test_connect(t, "shop.player");
    portico_client_send(ann, BUY, NULL, 0);
    portico_client_expect(ann, BOUGHT, "", 0);
    portico_test_swap(t, NULL);
    portico_client_send(bob, BUY, NULL, 0);
    portico_client_expect(bob, BOUGHT, "", 0);
    portico_client_send(bob, BUY, NULL, 0);
    portico_client_expect(bob, SORRY, "", 0);
}

static const portico_test_case tests[] = {PORTICO_TEST(sells_what_there_is), {NULL, NULL}};

int main(int argc, char **argv) {
    return portico_test_main(argc, argv, tests);
}

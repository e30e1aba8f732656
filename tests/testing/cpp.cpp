// cpp.cpp: a test of a module in C++, as old as C++11.
#include <portico_testing.h>

static void adds(portico_test *t) {
    portico_test_start(t, nullptr);
    portico_client *c = portico_test_connect(t, "game.player");
    const uint32_t number = 7;
    portico_client_send(c, 1, &number, sizeof number);
    portico_client_expect(c, 1, &number, sizeof number);
    PORTICO_CHECK(!portico_client_is_closed(c));
}

int main(int argc, char **argv) {
    static const portico_test_case tests[] = {PORTICO_TEST(adds), {nullptr, nullptr}};
    return portico_test_main(argc, argv, tests);
}

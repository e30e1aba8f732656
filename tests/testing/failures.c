/* failures.c: tests that fail, each in its own way. cmake/CheckTesting.cmake runs them. */
#include <portico_testing.h>

#include <portico/packet.h>

#define SUM(S, F) F(S, FIELD, uint64_t, number)
PORTICO_PACKET(sum, SUM);

static portico_client *begin(portico_test *t) {
    portico_test_start(t, NULL);
    return portico_test_connect(t, NULL);
}

static void other_packet(portico_test *t) {
    portico_client *c = begin(t);
    portico_client_send(c, 1, "\5\0\0\0", 4);
    portico_client_expect(c, 1, "\6\0\0\0", 4);
}

static void no_packet(portico_test *t) {
    portico_client_expect_text(begin(t), 1, "?");
}

static void other_opcode(portico_test *t) {
    portico_client *c = begin(t);
    sum found;
    portico_client_send(c, 1, "\5\0\0\0", 4);
    portico_client_expect_packet(c, 2, sum, &found);
}

static void no_sum(portico_test *t) {
    portico_client *c = begin(t);
    sum found;
    portico_client_send(c, 1, "\5\0\0\0", 4);
    portico_client_expect_packet(c, 1, sum, &found);
}

static void one_packet(portico_test *t) {
    portico_client *c = begin(t);
    portico_client_send(c, 1, "\5\0\0\0", 4);
    portico_client_expect_nothing(c);
}

static void condition(portico_test *t) {
    PORTICO_CHECK(portico_client_is_closed(begin(t)));
}

static void integer(portico_test *t) {
    (void)begin(t);
    PORTICO_CHECK_INT(2 + 2, 5);
}

static void text(portico_test *t) {
    (void)begin(t);
    PORTICO_CHECK_TEXT("a", "b");
}

static void module_crash(portico_test *t) {
    portico_client *c = begin(t);
    portico_client_send(c, 3, NULL, 0);
    portico_client_expect_nothing(c);
}

static void module_writes_badly(portico_test *t) {
    portico_client *c = begin(t);
    portico_client_send(c, 6, NULL, 0);
    portico_client_expect_nothing(c);
}

static void no_type(portico_test *t) {
    portico_test_start(t, NULL);
    (void)portico_test_connect(t, "game.nobody");
}

static void refused_module(portico_test *t) {
    portico_test_start(t, "limit = none\n");
}

static void refused_swap(portico_test *t) {
    (void)begin(t);
    portico_test_swap(t, "nowhere.so");
}

static void no_function(portico_test *t) {
    (void)begin(t);
    portico_test_refuse(t, "session_sends", PORTICO_E_GONE, 1);
}

static void no_host(portico_test *t) {
    (void)portico_test_connect(t, NULL);
}

/* Fails for one seed in five. */
static void some_seeds(portico_test *t) {
    (void)begin(t);
    PORTICO_CHECK(portico_test_random(t, 5) != 0);
}

int main(int argc, char **argv) {
    static const portico_test_case tests[] = {PORTICO_TEST(other_packet),
                                              PORTICO_TEST(no_packet),
                                              PORTICO_TEST(one_packet),
                                              PORTICO_TEST(other_opcode),
                                              PORTICO_TEST(no_sum),
                                              PORTICO_TEST(condition),
                                              PORTICO_TEST(integer),
                                              PORTICO_TEST(text),
                                              PORTICO_TEST(module_crash),
                                              PORTICO_TEST(module_writes_badly),
                                              PORTICO_TEST(no_type),
                                              PORTICO_TEST(refused_module),
                                              PORTICO_TEST(refused_swap),
                                              PORTICO_TEST(no_function),
                                              PORTICO_TEST(no_host),
                                              PORTICO_TEST(some_seeds),
                                              {NULL, NULL}};
    return portico_test_main(argc, argv, tests);
}

/* settings.c: settings arrive before the first session, and wrong ones refuse the module. */
#include <portico_testing.h>

static void has_its_settings(portico_test *t) {
    portico_test_start(t, "motd = good evening\nturn_time = 2m\nlevel = hard\n");
    portico_client *c = portico_test_connect(t, "settings.player");
    portico_client_expect_text(c, 0, "good evening");
}

static void has_defaults(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, "settings.player");
    portico_client_expect_text(c, 0, "welcome");
}

static void refuses_a_wrong_key(portico_test *t) {
    PORTICO_CHECK(!portico_test_try_start(t, "mottd = good evening\n"));
    PORTICO_CHECK(portico_test_logged(t, "motd") > 0);
}

static void refuses_a_wrong_value(portico_test *t) {
    PORTICO_CHECK(!portico_test_try_start(t, "seats = 65\n"));
    PORTICO_CHECK(portico_test_logged(t, "from 2 to 64") > 0);
}

static const portico_test_case tests[] = {PORTICO_TEST(has_its_settings),
                                          PORTICO_TEST(has_defaults),
                                          PORTICO_TEST(refuses_a_wrong_key),
                                          PORTICO_TEST(refuses_a_wrong_value),
                                          {NULL, NULL}};

int main(int argc, char **argv) {
    return portico_test_main(argc, argv, tests);
}

/* viewers.c: a viewer who does not read is skipped, and served again later. */
#include <portico_testing.h>

#define SMALL                    \
    "[listener small]\n"         \
    "type = viewers.viewer\n"    \
    "frame_limit_bytes = 8192\n" \
    "send_limit_bytes = 16384\n" \
    "backlog = drop\n"

static void skips_who_does_not_read(portico_test *t) {
    static const char page[1000] = {0};
    portico_test_start(t, SMALL);
    portico_client *c = portico_test_connect(t, "small");
    portico_client_pause(c, true);
    for (int i = 0; i < 200; i++) {
        portico_client_send(c, 1, page, sizeof page);
        portico_test_settle(t);
    }
    portico_client_pause(c, false);
    portico_packet packet;
    int echoes = 0;
    while (portico_client_next(c, &packet)) {
        echoes++;
    }
    PORTICO_CHECK(echoes > 0 && echoes < 200);
    portico_client_send_text(c, 2, "hello");
    portico_client_expect_text(c, 2, "hello");
}

static const portico_test_case tests[] = {PORTICO_TEST(skips_who_does_not_read), {NULL, NULL}};

int main(int argc, char **argv) {
    return portico_test_main(argc, argv, tests);
}

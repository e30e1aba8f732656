/* echo.c: every packet comes back, whatever its opcode and size, through swaps and over each
 * framing. */
#include <portico_testing.h>

enum { MOST = 65531 }; /* bytes that a packet of u16 can carry */

static uint8_t bytes[MOST];

static void fill(void) {
    for (uint32_t i = 0; i < MOST; i++) {
        bytes[i] = (uint8_t)(i * 31 + (i >> 8));
    }
}

static void comes_back(portico_test *t) {
    static const uint32_t sizes[] = {0, 1, 2, 255, 4096, MOST};
    fill();
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, NULL);
    for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        portico_client_send(c, (uint16_t)(i * 13107), bytes, sizes[i]);
        portico_client_expect(c, (uint16_t)(i * 13107), bytes, sizes[i]);
        portico_client_expect_nothing(c);
    }
    portico_client_close(c);
    PORTICO_CHECK(portico_client_is_closed(c));
}

static void through_swaps(portico_test *t) {
    portico_test_start(t, NULL);
    portico_client *c = portico_test_connect(t, "echo.session");
    for (uint32_t i = 0; i < 5; i++) {
        portico_client_send(c, 1, &i, sizeof i);
        portico_test_swap(t, NULL);
        portico_client_expect(c, 1, &i, sizeof i);
    }
    portico_client_drop(c);
    PORTICO_CHECK_INT(portico_test_logged(t, "closes: the connection broke"), 1);
}

static void framings(portico_test *t) {
    static const char *const kinds[] = {"u32", "line", "raw"};
    portico_test_start(t, "[listener u32]\ntype = echo.session\nframing = u32\n"
                          "[listener line]\ntype = echo.session\nframing = line\n"
                          "[listener raw]\ntype = echo.session\nframing = raw\n");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        uint16_t opcode = i == 0 ? 77 : 0;
        portico_client *c = portico_test_connect(t, kinds[i]);
        portico_client_send_text(c, opcode, "hello");
        portico_client_expect_text(c, opcode, "hello");
    }
}

/* A client that does not read costs no more than its limit, and nobody else notices. */
static void deaf_client(portico_test *t) {
    static const char *const limits = "[listener drop]\n"
                                      "type = echo.session\n"
                                      "send_limit_bytes = 128K\n"
                                      "backlog = drop\n"
                                      "[listener close]\n"
                                      "type = echo.session\n"
                                      "send_limit_bytes = 128K\n"
                                      "backlog = close\n";
    portico_test_start(t, limits);
    fill();
    portico_client *deaf = portico_test_connect(t, "drop");
    portico_client *deafer = portico_test_connect(t, "close");
    portico_client *other = portico_test_connect(t, "drop");
    portico_client_pause(deaf, true);
    portico_client_pause(deafer, true);
    for (int i = 0; i < 5; i++) {
        portico_client_send(deaf, 1, bytes, MOST);
        portico_client_send(deafer, 1, bytes, MOST);
        portico_client_send_text(other, 2, "well?");
        portico_client_expect_text(other, 2, "well?");
    }
    portico_client_pause(deaf, false);
    portico_client_expect(deaf, 1, bytes, MOST);
    portico_client_forget(deaf);
    portico_client_send_text(deaf, 3, "again");
    portico_client_expect_text(deaf, 3, "again");
    portico_client_pause(deafer, false);
    PORTICO_CHECK(portico_client_is_closed(deafer));
}

int main(int argc, char **argv) {
    static const portico_test_case tests[] = {PORTICO_TEST(comes_back),
                                              PORTICO_TEST(through_swaps),
                                              PORTICO_TEST(framings),
                                              PORTICO_TEST(deaf_client),
                                              {NULL, NULL}};
    return portico_test_main(argc, argv, tests);
}

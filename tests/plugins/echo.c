/* echo.c: every packet comes back: any opcode, any bytes, from none to the most that u16 can
 * carry. */
#include "fake_host.h"

#include "support/check.h"

SCENARIO(echo) {
    fake_open_module("echo");
    static uint8_t bytes[65531];
    for (uint32_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 31 + (i >> 8));
    }
    fake_check(fake_load() == PORTICO_OK, "echo loads");
    portico_session session = fake_open(PORTICO_OK);
    static const uint32_t sizes[] = {0, 1, 2, 255, 4096, 65531};
    for (uint32_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        fake_packet(session, (uint16_t)(i * 13107), bytes, sizes[i]);
        fake_expect(session, (uint16_t)(i * 13107), bytes, sizes[i]);
        fake_expect_nothing(session);
    }
    fake_refuse(PORTICO_E_BACKLOG, 1);
    fake_packet(session, 1, bytes, 4);
    fake_expect_nothing(session);
    fake_close(session, PORTICO_E_EOF);
}

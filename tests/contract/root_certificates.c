/* root_certificates.c: the authorities of the system are certificates. Under Wine its store is that
 * of the Linux below, which has some; on Linux itself OpenSSL finds them. */
#include "contract.h"

static uint32_t seen;

static void look(void *arg, const void *der, uint32_t size) {
    const uint8_t *bytes = der;
    CHECK(arg == &seen);
    CHECK(size > 100);
    CHECK_EQ(bytes[0], 0x30); /* a sequence, with its length in the next bytes */
    CHECK_EQ(bytes[1], 0x82);
    CHECK_EQ((uint32_t)bytes[2] << 8 | bytes[3], size - 4);
    seen++;
}

SCENARIO(root_certificates) {
    uint32_t count = os_root_certificates(look, &seen);
    CHECK_EQ(seen, count);
#if defined(_WIN32)
    CHECK(count > 0);
#else
    CHECK_EQ(count, 0);
#endif
}

/* tls_hello.c: the server name is found in a ClientHello, whole or in pieces, and bytes that are
 * none are left to OpenSSL. */
#include "tls/hello.h"

#include "support/check.h"
#include "support/tls.h"

#include <string.h>

enum { ROOM = 8192 };

static uint8_t hello[ROOM];
static uint8_t other[ROOM];

/* Every beginning of it is incomplete, and all of it has the name. */
static void check_hello(const uint8_t *bytes, uint32_t size, const char *right) {
    char name[HELLO_NAME_MAX];
    for (uint32_t part = 0; part < size; part++) {
        CHECK_INT(hello_parse(bytes, part, name), HELLO_INCOMPLETE);
        CHECK_TEXT(name, "");
    }
    CHECK_INT(hello_parse(bytes, size, name), HELLO_WHOLE);
    CHECK_TEXT(name, right);
}

/* The same message in records of at most `part` bytes. Returns how many bytes there are. */
static uint32_t split(uint32_t size, uint32_t part) {
    uint32_t written = 0;
    for (uint32_t at = 5; at < size; at += part) {
        uint32_t payload = size - at < part ? size - at : part;
        memcpy(other + written, hello, 3);
        other[written + 3] = (uint8_t)(payload >> 8);
        other[written + 4] = (uint8_t)payload;
        memcpy(other + written + 5, hello + at, payload);
        written += 5 + payload;
    }
    return written;
}

static void check_names(void) {
    char name[HELLO_NAME_MAX];
    char longest[254];
    uint32_t size = tls_hello_bytes("game.example", hello, ROOM);
    check_hello(hello, size, "game.example");
    check_hello(other, split(size, 100), "game.example");
    check_hello(other, split(size, size / 3), "game.example");
    CHECK_INT(hello_parse(other, split(size, 1), name), HELLO_ODD); /* too many records */

    size = tls_hello_bytes(NULL, hello, ROOM);
    check_hello(hello, size, "");
    size = tls_hello_bytes("GAME.Example", hello, ROOM);
    check_hello(hello, size, "game.example");
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    size = tls_hello_bytes(longest, hello, ROOM);
    check_hello(hello, size, longest);
    size = tls_hello_bytes("game.example", hello, ROOM);
    for (uint32_t i = 0; i < size; i++) {
        if (memcmp(hello + i, "game.example", 12) == 0) {
            hello[i + 4] = '\n'; /* a name that the log should not see */
            break;
        }
    }
    check_hello(hello, size, "");
}

/* Any damage ends in one of the three, and the name is one of a host. */
static void check_damage(void) {
    char name[HELLO_NAME_MAX];
    uint32_t size = tls_hello_bytes("game.example", hello, ROOM);
    for (uint32_t at = 0; at < size; at++) {
        for (int bit = 0; bit < 8; bit++) {
            memcpy(other, hello, size);
            other[at] ^= (uint8_t)(1 << bit);
            (void)hello_parse(other, size, name);
            CHECK(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-._") == strlen(name));
        }
    }
}

static void check_odd(void) {
    static const char *const odd[] = {
        "GET / HTTP/1.1\r\n\r\n",               /* no TLS */
        "\x80\x2e\x01\x03\x01",                 /* SSL 2 */
        "\x15\x03\x03\x00\x02\x01\x00",         /* an alert */
        "\x16\x02\x03\x00\x05\x01",             /* another version of records */
        "\x16\x03\x01\x40\x01\x01",             /* a record that is too large */
        "\x16\x03\x01\x00\x04\x02\x01",         /* a ServerHello */
        "\x16\x03\x01\x3f\xff\x01\x01\x01\x01", /* a message of 64 KiB */
    };
    static const size_t sizes[] = {18, 5, 7, 6, 6, 7, 9};
    char name[HELLO_NAME_MAX];
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        CHECK_INT(hello_parse((const uint8_t *)odd[i], (uint32_t)sizes[i], name), HELLO_ODD);
    }
    /* A record without bytes, and a list of extensions that ends too early. */
    CHECK_INT(hello_parse((const uint8_t *)"\x16\x03\x01\x00\x00", 5, name), HELLO_ODD);
    uint32_t size = tls_hello_bytes("game.example", hello, ROOM);
    hello[8]--;
    hello[4]--;
    CHECK_INT(hello_parse(hello, size - 1, name), HELLO_ODD);
}

SCENARIO(tls_hello) {
    check_names();
    check_damage();
    check_odd();
}

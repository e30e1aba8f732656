/* Addresses from text and back. */
#include "contract.h"

static const struct {
    const char *text;
    uint16_t port;
    const char *formatted;
} good[] = {
    {"127.0.0.1", 7777, "127.0.0.1:7777"},
    {"0.0.0.0", 0, "0.0.0.0:0"},
    {"255.255.255.255", 65535, "255.255.255.255:65535"},
    {"::1", 7777, "[::1]:7777"},
    {"::", 1, "[::]:1"},
    {"2001:DB8:0:0:0:0:0:1", 80, "[2001:db8::1]:80"},
    {"2001:db8:1:2:3:4:5:6", 80, "[2001:db8:1:2:3:4:5:6]:80"},
    {"fe80::1%2", 5, "[fe80::1%2]:5"},
    {"::ffff:10.1.2.3", 9, "10.1.2.3:9"},
};

static const char *const bad[] = {
    "",
    " ",
    "localhost",
    "127.0.0.1 ",
    " 127.0.0.1",
    "127.0.0",
    "127.0.0.256",
    "127.0.0.1:80",
    "1.2.3.4.5",
    "[::1]",
    "::1::",
    ":::",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    "::1%",
    "fe80::1%x y",
    "127.0.0.1%1",
    "*",
    ("0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:"
     "0000:0000:0000:0000:0000:0000:0000:0000:0000"),
};

static void check_here(const char *text, portico_status expected) {
    os_address address;
    CHECK_OK(os_address_parse(text, 7777, &address));
    CHECK_STATUS(os_address_check(&address), expected);
}

SCENARIO(address_text) {
    char text[OS_ADDRESS_TEXT];
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        os_address address;
        memset(&address, 0xff, sizeof address);
        CHECK_OK(os_address_parse(good[i].text, good[i].port, &address));
        CHECK_EQ(address.port, good[i].port);
        CHECK_EQ(address.reserved, 0);
        os_address_format(&address, text);
        if (strcmp(text, good[i].formatted) != 0) {
            contract_fail(__FILE__, __LINE__, text);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        os_address address;
        memset(&address, 0xa5, sizeof address);
        os_address before = address;
        if (os_address_parse(bad[i], 1, &address) != PORTICO_E_INVALID) {
            contract_fail(__FILE__, __LINE__, bad[i]);
        }
        CHECK(memcmp(&before, &address, sizeof before) == 0);
    }
    os_address resolved = {0};
    check_here("127.0.0.1", PORTICO_OK);
    check_here("0.0.0.0", PORTICO_OK);
    check_here("192.0.2.1", PORTICO_E_ADDRESS); /* reserved for documentation, RFC 5737 */
    check_here("2001:db8::1", PORTICO_E_ADDRESS);
    CHECK_STATUS(os_address_check(&(os_address){.port = 7777}), PORTICO_E_INVALID);
    CHECK_OK(os_address_resolve("localhost", 42, &resolved));
    CHECK_EQ(resolved.port, 42);
    os_address_format(&resolved, text);
    CHECK(strcmp(text, "127.0.0.1:42") == 0 || strcmp(text, "[::1]:42") == 0);
    CHECK_OK(os_address_resolve("127.0.0.1", 43, &resolved));
    os_address_format(&resolved, text);
    CHECK(strcmp(text, "127.0.0.1:43") == 0);
}

/* networks.c: lists of networks: which are valid, and which addresses they contain. */
#include "base/networks.h"

#include "support/check.h"

static bool contains(const char *list, const char *text) {
    os_address address;
    CHECK_INT(os_address_parse(text, 7777, &address), PORTICO_OK);
    CHECK(networks_valid(list));
    networks *n = networks_create(list);
    CHECK(n != NULL);
    bool contained = networks_contain(n, &address);
    networks_destroy(n);
    return contained;
}

static void check_valid(void) {
    static const char *const good[] = {"0.0.0.0/0",
                                       "::/0",
                                       "10.0.0.0/8",
                                       "10.1.2.3",
                                       "10.1.2.3/32",
                                       "2001:db8::/32",
                                       "2001:db8::1/128",
                                       "::ffff:10.0.0.0/104",
                                       " 10.0.0.0/8,\t::1 ,,192.0.2.0/24 "};
    static const char *const bad[] = {
        "",
        " , ",
        "10.0.0.0/33",
        "10.0.0.0/",
        "10.0.0.0/-1",
        "10.0.0.0/08",
        "10.0.0.0/4294967304",
        "10.0.0.0/8/8",
        "10.0.0.1/8",
        "10.0.0.0/8 x",
        "10.0.0/8",
        "/8",
        "::/129",
        "2001:db8::1/127",
        "fe80::1%1",
        "localhost",
        "10.0.0.0/8;10.0.0.1",
        "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dd"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK(networks_valid(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK(!networks_valid(bad[i]));
    }
}

SCENARIO(networks) {
    check_valid();
    CHECK(contains("10.0.0.0/8", "10.255.0.1"));
    CHECK(!contains("10.0.0.0/8", "11.0.0.1"));
    CHECK(contains("10.0.0.128/25", "10.0.0.129"));
    CHECK(!contains("10.0.0.128/25", "10.0.0.127"));
    CHECK(contains("192.0.2.7", "192.0.2.7"));
    CHECK(!contains("192.0.2.7", "192.0.2.6"));
    CHECK(contains("10.0.0.0/8, 192.0.2.7 2001:db8::/32", "2001:db8:ffff::1"));
    CHECK(contains("10.0.0.0/8, 192.0.2.7 2001:db8::/32", "192.0.2.7"));
    CHECK(!contains("10.0.0.0/8, 192.0.2.7 2001:db8::/32", "2001:db9::1"));
    CHECK(contains("::1", "::1"));
    CHECK(!contains("::1", "::2"));
    CHECK(contains("10.0.0.0/8", "::ffff:10.1.1.1")); /* as a dual-stack listener sees it */
    CHECK(contains("::ffff:10.0.0.0/104", "10.1.1.1"));
    CHECK(!contains("::ffff:10.0.0.0/104", "11.1.1.1"));
    CHECK(contains("0.0.0.0/0", "203.0.113.1"));
    CHECK(!contains("0.0.0.0/0", "2001:db8::1"));
    CHECK(contains("::/0", "2001:db8::1"));
    CHECK(!contains("::/0", "203.0.113.1"));
    CHECK(!contains("::/0", "::ffff:203.0.113.1"));
}

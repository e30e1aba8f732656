/* source.c: IPv6 addresses count by prefix and mapped IPv4 as IPv4; a source's rate; and a table
 * that is full of sources over their rate still lets a newcomer in. */
#include "session/source.h"
#include "base/bucket.h"
#include "base/hash.h"
#include "base/random.h"

#include "support/check.h"

#include <string.h>

static source of(const char *text, uint32_t prefix) {
    os_address address;
    CHECK_INT(os_address_parse(text, 7777, &address), PORTICO_OK);
    return source_of(&address, prefix);
}

static bool same(const char *a, const char *b, uint32_t prefix) {
    source x = of(a, prefix);
    source y = of(b, prefix);
    return memcmp(&x, &y, sizeof x) == 0;
}

static void check_prefixes(void) {
    CHECK(same("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", 64));
    CHECK(!same("2001:db8:1:2::1", "2001:db8:1:3::1", 64));
    CHECK(same("2001:db8:1:2::1", "2001:db8:1:3::1", 63));
    CHECK(!same("2001:db8:1:2::1", "2001:db8:1:2::2", 128));
    CHECK(same("2001:db8:1:2::2", "2001:db8:1:2::3", 127));
    CHECK(same("192.0.2.1", "::ffff:192.0.2.1", 64));
    CHECK(!same("::ffff:192.0.2.1", "::ffff:192.0.2.2", 64)); /* IPv4 has no prefix */
    CHECK(!same("192.0.2.1", "192.0.2.2", 16));
    CHECK(!same("::1", "127.0.0.1", 64));
}

/* A rate of 10 a second, bursts of 3. */
static bool admit(sources *s, const char *text, uint64_t now_ns) {
    source from = of(text, 64);
    uint64_t cost_ns = bucket_cost_ns(1, 10);
    return sources_admit(s, &from, now_ns, cost_ns, 3 * cost_ns);
}

static void check_rate(void) {
    const uint64_t tenth_ns = BUCKET_SECOND_NS / 10;
    sources *s = sources_create();
    uint64_t now_ns = 5000 * BUCKET_SECOND_NS;
    for (int i = 0; i < 3; i++) {
        CHECK(admit(s, "192.0.2.1", now_ns));
    }
    CHECK(!admit(s, "192.0.2.1", now_ns));
    CHECK(admit(s, "192.0.2.2", now_ns)); /* its neighbour has a rate of its own */
    CHECK(!admit(s, "192.0.2.1", now_ns + tenth_ns - 1));
    CHECK(admit(s, "192.0.2.1", now_ns + tenth_ns)); /* the refused ones were not charged */
    CHECK(!admit(s, "192.0.2.1", now_ns + tenth_ns));
    CHECK(admit(s, "2001:db8::1", now_ns));
    CHECK(admit(s, "2001:db8::2", now_ns));
    CHECK(admit(s, "2001:db8::3", now_ns));
    CHECK(!admit(s, "2001:db8::4", now_ns)); /* of the same /64 */
    sources_destroy(s);
}

/* Many more sources than there is room for exceed their rates; newcomers do not notice. */
static void check_full(void) {
    enum { ATTACKERS = 4 * SOURCES_MAX, HONEST = 1000 };
    sources *s = sources_create();
    uint64_t now_ns = 5000 * BUCKET_SECOND_NS;
    char text[64];
    uint32_t refused = 0;
    for (uint32_t i = 0; i < ATTACKERS; i++) {
        (void)snprintf(text, sizeof text, "2001:db8:%x:%x::1", i / 65536 + 1, i % 65536);
        for (int k = 0; k < 5; k++) {
            refused += !admit(s, text, now_ns);
        }
    }
    CHECK_INT(refused, 2 * ATTACKERS);
    for (uint32_t i = 0; i < HONEST; i++) {
        (void)snprintf(text, sizeof text, "198.51.%u.%u", i / 250, i % 250);
        CHECK(admit(s, text, now_ns));
    }
    sources_destroy(s);
}

/* An amount costs its time at the rate, without overflow. */
static void check_bucket(void) {
    uint64_t due_ns = 0;
    CHECK_INT(bucket_cost_ns(1, 1000000000), 1);
    CHECK_INT(bucket_cost_ns(2500, 1000), 2500000000ll);
    CHECK_INT(bucket_cost_ns(UINT32_MAX, UINT32_MAX), 1000000000);
    CHECK_INT(bucket_cost_ns(UINT64_MAX, 1), 86400000000000ll);
    CHECK_INT(bucket_charge(&due_ns, 100, 50, 50), 0);
    CHECK_INT(due_ns, 150);
    CHECK_INT(bucket_charge(&due_ns, 120, 50, 50), 30);
    CHECK_INT(bucket_charge(&due_ns, 150, 0, 50), 0);
}

SCENARIO(source) {
    CHECK_INT(random_start(), PORTICO_OK);
    hash_start();
    check_prefixes();
    check_bucket();
    check_rate();
    check_full();
}

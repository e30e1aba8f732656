/* hash.c: the hash of tables is SipHash-1-3 with a random key, so that keys which collide in
 * uthash's own hash do not collide in a table of the host. */
#include "base/hash.h"
#include "base/random.h"
#include "base/table.h"

#include "support/check.h"

#include <string.h>

enum { KEYS = 512, LOW_BITS = 13, FAIR_CHAIN = 24 };

/* The vectors of the paper are for SipHash-2-4; these are of the 1-3 in Rust's standard library,
 * with the same key 00..0f and messages 00, 00 01, .... */
static void check_vectors(void) {
    static const uint64_t right[] = {0xabac0158050fc4dcull, 0xc9f49bf37d57ca93ull,
                                     0x82cb9b024dc7d44dull};
    const uint64_t key[2] = {0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull};
    const uint8_t message[] = {0, 1, 2};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        CHECK(hash_keyed(key, message, i) == right[i]);
    }
}

typedef struct item {
    uint64_t key;
    UT_hash_handle hh;
} item;

static item items[KEYS];

/* Chooses keys as an attacker would: all in one bucket of a table with uthash's own hash. */
static void choose_keys(void) {
    uint64_t key = 0;
    for (int found = 0; found < KEYS; key++) {
        unsigned value = 0;
        HASH_JEN(&key, sizeof key, value);
        if ((value & ((1u << LOW_BITS) - 1)) == 0) {
            items[found++].key = key;
        }
    }
}

/* The longest chain of a table that has them all. */
static unsigned longest_chain(void) {
    item *table = NULL;
    unsigned longest = 0;
    for (int i = 0; i < KEYS; i++) {
        HASH_ADD(hh, table, key, sizeof items[i].key, &items[i]);
        CHECK(items[i].hh.tbl != NULL);
    }
    for (unsigned i = 0; i < table->hh.tbl->num_buckets; i++) {
        unsigned count = table->hh.tbl->buckets[i].count;
        longest = count > longest ? count : longest;
    }
    HASH_CLEAR(hh, table);
    return longest;
}

SCENARIO(hash) {
    check_vectors();
    CHECK_INT(random_start(), PORTICO_OK);
    hash_start();
    uint64_t before = hash_bytes("label", 5);
    choose_keys();
    CHECK(longest_chain() <= FAIR_CHAIN);
    hash_start(); /* the next process */
    CHECK(hash_bytes("label", 5) != before);
}

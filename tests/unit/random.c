/* random.c: the generator's block function is ChaCha20, and its numbers differ between threads. */
#include "base/random.h"
#include "os/os.h"

#include "support/check.h"

enum { KEY_BYTES = 32, BLOCK_BYTES = 64, DRAWN = 4096, THREADS = 4 };

static void block(const char *key_hex, const char *tail_hex, const char *right_hex) {
    uint32_t key[RANDOM_KEY_WORDS] = {0};
    uint32_t tail[4] = {0};
    uint32_t found[RANDOM_BLOCK_WORDS];
    char found_hex[2 * BLOCK_BYTES + 1] = "";
    for (uint32_t i = 0; i < KEY_BYTES; i++) {
        unsigned byte = 0;
        CHECK_INT(sscanf(key_hex + 2 * i, "%2x", &byte), 1);
        key[i / 4] |= byte << 8 * (i % 4);
    }
    for (uint32_t i = 0; i < sizeof tail; i++) {
        unsigned byte = 0;
        CHECK_INT(sscanf(tail_hex + 2 * i, "%2x", &byte), 1);
        tail[i / 4] |= byte << 8 * (i % 4);
    }
    random_block(key, tail, found);
    for (uint32_t i = 0; i < BLOCK_BYTES; i++) {
        (void)snprintf(found_hex + 2 * i, 3, "%02x", found[i / 4] >> 8 * (i % 4) & 0xff);
    }
    CHECK_TEXT(found_hex, right_hex);
}

/* RFC 8439: section 2.3.2, then test vectors 1 and 2 of appendix A.1. */
static void check_vectors(void) {
    static const char zero[] = "0000000000000000000000000000000000000000000000000000000000000000";
    block("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
          "01000000000000090000004a00000000",
          "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
          "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e");
    block(zero, zero,
          "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
          "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
    block(zero, "01000000000000000000000000000000",
          "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
          "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
}

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t drawn[THREADS * DRAWN];

static void draw(void *to) {
    for (int i = 0; i < DRAWN; i++) {
        ((uint64_t *)to)[i] = random_number();
    }
}

/* No number twice: that two of 16384 are equal has a probability of 10^-11. Each bit is set in
 * about half of them: 800 off is 12 standard deviations. */
static void check_numbers(void) {
    os_thread *threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        CHECK_INT(os_thread_start(&threads[i], "draw", draw, &drawn[i * DRAWN]), PORTICO_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
    }
    for (int bit = 0; bit < 64; bit++) {
        int set = 0;
        for (int i = 0; i < THREADS * DRAWN; i++) {
            set += (int)(drawn[i] >> bit & 1);
        }
        CHECK(abs(set - THREADS * DRAWN / 2) < 800);
    }
    qsort(drawn, THREADS * DRAWN, sizeof drawn[0], compare);
    for (int i = 1; i < THREADS * DRAWN; i++) {
        CHECK(drawn[i] != drawn[i - 1]);
    }
}

SCENARIO(random) {
    check_vectors();
    CHECK_INT(random_start(), PORTICO_OK);
    uint64_t before = random_number();
    check_numbers();
    CHECK_INT(random_start(), PORTICO_OK); /* a second host in one process */
    CHECK(random_number() != before);
}

/* hash.c: see hash.h. SipHash (Aumasson, Bernstein: "SipHash: a fast short-input PRF") with one
 * round per word and three at the end, which is what tables need. */
#include "base/hash.h"

#include "base/random.h"

#include <string.h>

static uint64_t process_key[2]; /* written before the threads start */

void hash_start(void) {
    process_key[0] = random_number();
    process_key[1] = random_number();
}

uint64_t hash_bytes(const void *bytes, size_t size) {
    return hash_keyed(process_key, bytes, size);
}

static uint64_t rotate(uint64_t x, unsigned bits) {
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4]) {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

/* Up to eight bytes, the first one lowest, whatever the processor's order is. */
static uint64_t read_word(const uint8_t *from, size_t size) {
    uint64_t word = 0;
    for (size_t i = 0; i < size; i++) {
        word |= (uint64_t)from[i] << 8 * i;
    }
    return word;
}

static void sip_word(uint64_t v[4], uint64_t word) {
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

uint64_t hash_keyed(const uint64_t key[2], const void *bytes, size_t size) {
    uint64_t v[4] = {0x736f6d6570736575ull ^ key[0], 0x646f72616e646f6dull ^ key[1],
                     0x6c7967656e657261ull ^ key[0], 0x7465646279746573ull ^ key[1]};
    const uint8_t *at = bytes;
    size_t left = size;
    for (; left >= 8; left -= 8, at += 8) {
        sip_word(v, read_word(at, 8));
    }
    sip_word(v, read_word(at, left) | (uint64_t)size << 56);
    v[2] ^= 0xff;
    sip_round(v);
    sip_round(v);
    sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

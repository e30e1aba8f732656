/* sha1.c: see sha1.h. */
#include "web/sha1.h"

#include <assert.h>
#include <string.h>

enum { BLOCK = 64, WORDS = 80 };

static uint32_t rotate(uint32_t value, unsigned bits) {
    return value << bits | value >> (32 - bits);
}

static uint32_t read_word(const uint8_t *from) {
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

/* The function and the constant of a round. */
static uint32_t mix(unsigned round, uint32_t b, uint32_t c, uint32_t d) {
    switch (round / 20) {
    case 0: return ((b & c) | (~b & d)) + 0x5A827999u;
    case 1: return (b ^ c ^ d) + 0x6ED9EBA1u;
    case 2: return ((b & c) | (b & d) | (c & d)) + 0x8F1BBCDCu;
    default: return (b ^ c ^ d) + 0xCA62C1D6u;
    }
}

static void sha1_block(uint32_t state[5], const uint8_t block[BLOCK]) {
    uint32_t w[WORDS];
    for (unsigned i = 0; i < 16; i++) {
        w[i] = read_word(block + (size_t)4 * i);
    }
    for (unsigned i = 16; i < WORDS; i++) {
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    }
    uint32_t a = state[0];
    uint32_t b = state[1];
    uint32_t c = state[2];
    uint32_t d = state[3];
    uint32_t e = state[4];
    for (unsigned i = 0; i < WORDS; i++) {
        uint32_t next = rotate(a, 5) + mix(i, b, c, d) + e + w[i];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
}

void sha1(const void *bytes, size_t size, uint8_t digest[SHA1_BYTES]) {
    uint32_t state[5] = {0x67452301u, 0xEFCDAB89u, 0x98BADCFEu, 0x10325476u, 0xC3D2E1F0u};
    uint8_t padded[2 * BLOCK] = {0};
    assert(size <= SHA1_INPUT_MAX);
    memcpy(padded, bytes, size);
    padded[size] = 0x80;
    size_t whole = size < BLOCK - 8 ? BLOCK : 2 * BLOCK;
    padded[whole - 2] = (uint8_t)(size * 8 >> 8);
    padded[whole - 1] = (uint8_t)(size * 8);
    for (size_t at = 0; at < whole; at += BLOCK) {
        sha1_block(state, padded + at);
    }
    for (unsigned i = 0; i < SHA1_BYTES; i++) {
        digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
    }
}

/* mask.h: the masking of WebSocket, RFC 6455 section 5.3. Pure, any thread. */
#ifndef PORTICO_WEB_MASK_H
#define PORTICO_WEB_MASK_H

#include <stdint.h>
#include <string.h>

/* The mask as it continues after that many bytes. `key` has it twice. */
static inline uint64_t mask_after(uint64_t key, uint32_t bytes) {
    uint32_t bits = bytes % 4 * 8;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return key << bits | key >> (-bits & 63);
#else
    return key >> bits | key << (-bits & 63);
#endif
}

static inline void mask_words(uint8_t *to, const uint8_t *from, uint32_t count, uint64_t key) {
    uint64_t words[4];
    memcpy(words, from, count * sizeof key);
    for (uint32_t i = 0; i < count; i++) {
        words[i] ^= key;
    }
    memcpy(to, words, count * sizeof key);
}

/* Copies and masks, or unmasks, 32 and 8 bytes at a time; the last 8 may be partly done already.
 * `to` may be `from` or begin before it in the same memory. Turns `mask` so that it continues with
 * the next byte. */
static inline void mask_copy(uint8_t *to, const uint8_t *from, uint32_t size, uint8_t mask[4]) {
    uint32_t once;
    memcpy(&once, mask, sizeof once);
    uint64_t key = once * UINT64_C(0x100000001);
    uint32_t at = 0;
    if (size >= 8) {
        uint64_t last; /* read before it may be overwritten */
        memcpy(&last, from + size - 8, sizeof last);
        last ^= mask_after(key, size);
        for (; size - at > 32; at += 32) {
            mask_words(to + at, from + at, 4, key);
        }
        for (; size - at > 8; at += 8) {
            mask_words(to + at, from + at, 1, key);
        }
        memcpy(to + size - 8, &last, sizeof last);
    } else {
        for (; at < size; at++) {
            to[at] = from[at] ^ mask[at % 4];
        }
    }
    key = mask_after(key, size);
    memcpy(mask, &key, 4);
}

#endif

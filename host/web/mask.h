/* mask.h: the masking of WebSocket, RFC 6455 section 5.3. Pure, any thread. */
#ifndef PORTICO_WEB_MASK_H
#define PORTICO_WEB_MASK_H

#include <stdint.h>
#include <string.h>

/* Copies and masks, or unmasks, eight bytes at a time. `to` may be `from` or begin before it in the
 * same memory. Turns `mask` so that it continues with the next byte. */
static inline void mask_copy(uint8_t *to, const uint8_t *from, uint32_t size, uint8_t mask[4]) {
    uint8_t twice[8];
    uint64_t key;
    uint32_t at = 0;
    memcpy(twice, mask, 4);
    memcpy(twice + 4, mask, 4);
    memcpy(&key, twice, sizeof key);
    for (; size - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, from + at, sizeof word);
        word ^= key;
        memcpy(to + at, &word, sizeof word);
    }
    for (; at < size; at++) {
        to[at] = from[at] ^ twice[at % 4];
    }
    for (uint32_t i = 0; i < 4; i++) {
        mask[i] = twice[(size + i) % 4];
    }
}

#endif

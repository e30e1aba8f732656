/* utf8.h: UTF-8 for tests, independent of the host's own. */
#ifndef TEST_UTF8_H
#define TEST_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Writes the shortest form of a code point and returns its length. */
static inline size_t utf8_encode(uint32_t code, uint8_t bytes[4]) {
    static const uint8_t lead[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    if (code < 0x80) {
        bytes[0] = (uint8_t)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        bytes[i] = (uint8_t)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    bytes[0] = (uint8_t)(lead[length] | code);
    return length;
}

#endif

/* utf8.c: see utf8.h. */
#include "web/utf8.h"

#include <string.h>

/* The first byte of a character of several bytes: how many follow, and what the next may be, so
 * that no character has two forms, none is a surrogate, and none is above U+10FFFF. */
static bool utf8_begin(utf8 *u, uint8_t first) {
    u->low = 0x80;
    u->high = 0xBF;
    if (first < 0xC2 || first > 0xF4) {
        return false;
    }
    if (first < 0xE0) {
        u->missing = 1;
        return true;
    }
    if (first < 0xF0) {
        u->missing = 2;
        u->low = first == 0xE0 ? 0xA0 : 0x80;
        u->high = first == 0xED ? 0x9F : 0xBF;
        return true;
    }
    u->missing = 3;
    u->low = first == 0xF0 ? 0x90 : 0x80;
    u->high = first == 0xF4 ? 0x8F : 0xBF;
    return true;
}

/* How many of the first bytes are ASCII, in steps of eight. */
static size_t ascii_bytes(const uint8_t *bytes, size_t size) {
    size_t at = 0;
    for (; size - at >= 8; at += 8) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof word);
        if ((word & 0x8080808080808080u) != 0) {
            break;
        }
    }
    return at;
}

bool utf8_take(utf8 *u, const uint8_t *bytes, size_t size) {
    size_t at = 0;
    while (at < size) {
        uint8_t byte = bytes[at];
        if (u->missing > 0) {
            if (byte < u->low || byte > u->high) {
                return false;
            }
            u->missing--;
            u->low = 0x80;
            u->high = 0xBF;
            at++;
        } else if (byte >= 0x80) {
            if (!utf8_begin(u, byte)) {
                return false;
            }
            at++;
        } else {
            size_t ascii = ascii_bytes(bytes + at, size - at);
            at += ascii > 0 ? ascii : 1;
        }
    }
    return true;
}

bool utf8_is_text(const void *bytes, size_t size) {
    utf8 u = {0};
    return utf8_take(&u, bytes, size) && utf8_whole(&u);
}

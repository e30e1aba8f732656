/* plain_text.h: makes a client's text safe to show to others.
 *
 * The result is one line of valid UTF-8: control characters, line ends and marks that change the
 * writing direction become spaces, bytes that are not UTF-8 become U+FFFD. Nobody can then
 * overwrite another's line on a terminal, and readers need not check the text again. The host does
 * none of this: it passes any bytes.
 */
#ifndef PLAIN_TEXT_H
#define PLAIN_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Decodes the first character of `size` > 0 bytes into *code. Returns its length in bytes, or 0 if
 * it is not UTF-8. */
static inline uint32_t utf8_read(const uint8_t *bytes, uint32_t size, uint32_t *code) {
    /* The smallest code of each length: anything below it is an overlong form. */
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t first = bytes[0];
    uint32_t length = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (length == 0 || length > size || first > 0xF4) {
        return 0;
    }
    *code = length == 1 ? first : first & (0x7Fu >> length);
    for (uint32_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
        *code = *code << 6 | (bytes[i] & 0x3Fu);
    }
    bool surrogate = *code >= 0xD800 && *code <= 0xDFFF;
    return *code < smallest[length] || *code > 0x10FFFF || surrogate ? 0 : length;
}

/* Whether a character can disguise a line: it ends a line, moves the cursor or changes the writing
 * direction. */
static inline bool code_is_control(uint32_t code) {
    return code < 0x20 || (code >= 0x7F && code <= 0x9F) || code == 0x061C || code == 0x200E ||
           code == 0x200F || (code >= 0x2028 && code <= 0x202E) ||
           (code >= 0x2066 && code <= 0x2069);
}

/* Copies a client's bytes to `text`, made safe and without leading and trailing spaces. Writes at
 * most `limit` bytes of whole characters, and a zero. Returns whether everything fitted. */
static inline bool plain_text(char *text, uint32_t limit, const uint8_t *bytes, uint32_t size) {
    uint32_t used = 0;
    uint32_t at = 0;
    while (at < size) {
        uint32_t code = 0;
        uint32_t length = utf8_read(bytes + at, size - at, &code);
        const void *from = bytes + at;
        uint32_t count = length;
        if (length == 0) {
            from = "\xEF\xBF\xBD"; /* U+FFFD replaces one byte */
            count = 3;
            length = 1;
        } else if (code_is_control(code) || code == ' ') {
            from = " ";
            count = used > 0; /* no leading spaces */
        }
        if (used + count > limit) {
            break;
        }
        memcpy(text + used, from, count);
        used += count;
        at += length;
    }
    while (used > 0 && text[used - 1] == ' ') {
        used--;
    }
    text[used] = '\0';
    return at == size;
}

#endif

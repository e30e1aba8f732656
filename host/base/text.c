/* text.c: see text.h. */
#include "base/text.h"

#include <portico/portico.h>

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The code point of a character of `length` bytes whose continuation bytes have been checked. */
static uint32_t code_point(const uint8_t *bytes, size_t length) {
    static const uint8_t lead_mask[5] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = bytes[0] & lead_mask[length];
    for (size_t i = 1; i < length; i++) {
        code = code << 6 | (bytes[i] & 0x3Fu);
    }
    return code;
}

static size_t length_from_lead(uint8_t lead) {
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xC2) {
        return 0; /* a continuation byte, or the start of an overlong form */
    }
    if (lead < 0xE0) {
        return 2;
    }
    if (lead < 0xF0) {
        return 3;
    }
    return lead < 0xF5 ? 4 : 0;
}

size_t text_character(const char *text, size_t size) {
    static const uint32_t lowest[5] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *bytes = (const uint8_t *)text;
    size_t length = size > 0 ? length_from_lead(bytes[0]) : 0;
    if (length == 0 || length > size) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    uint32_t code = code_point(bytes, length);
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < lowest[length] || code > 0x10FFFF || surrogate ? 0 : length;
}

size_t text_whole(const char *text, size_t size) {
    size_t at = 0;
    for (size_t length = 1; at < size && length > 0; at += length) {
        length = text_character(text + at, size - at);
    }
    return at;
}

bool text_is_utf8(const char *text, size_t size) {
    size_t at = 0;
    while (at < size) {
        size_t length = text_character(text + at, size - at);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

bool text_is_control(const char *character, size_t length) {
    uint32_t code = code_point((const uint8_t *)character, length);
    return code < 0x20 || (code >= 0x7F && code < 0xA0) || code == 0x2028 || code == 0x2029 ||
           (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

bool text_is_plain(const char *text, size_t size) {
    size_t at = 0;
    while (at < size) {
        size_t length = text_character(text + at, size - at);
        if (length == 0 || text_is_control(text + at, length)) {
            return false;
        }
        at += length;
    }
    return true;
}

void text_make_plain(char *text) {
    for (size_t left = strlen(text); left > 0;) {
        size_t length = text_character(text, left);
        size_t step = length == 0 ? 1 : length;
        if (length == 0 || text_is_control(text, length)) {
            memset(text, '?', step);
        }
        text += step;
        left -= step;
    }
}

void text_shorten(const char *text, char shortened[TEXT_SHORT]) {
    enum { KEPT_MAX = TEXT_SHORT - 8 };
    size_t size = strlen(text);
    size_t at = 0;
    while (at < size && at + 4 <= KEPT_MAX) {
        size_t length = text_character(text + at, size - at);
        at += length > 0 ? length : 1;
    }
    memcpy(shortened, text, at);
    memcpy(shortened + at, at < size ? "..." : "", at < size ? 4 : 1);
}

const char *text_file_name(const char *path) {
    const char *name = path;
    for (; *path != '\0'; path++) {
        name = *path == '/' || *path == '\\' ? path + 1 : name;
    }
    return name;
}

char *text_copy(const char *text, size_t size) {
    char *copy = malloc(size + 1);
    if (copy != NULL) {
        memcpy(copy, text, size);
        copy[size] = '\0';
    }
    return copy;
}

static bool is_leap(unsigned year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

void text_time(uint64_t wall_ms, char between, char text[TEXT_TIME]) {
    static const uint8_t month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint64_t days = wall_ms / 86400000;
    unsigned ms = (unsigned)(wall_ms % 86400000);
    unsigned year = 1970;
    while (days >= (is_leap(year) ? 366u : 365u) && year < 9999) {
        days -= is_leap(year) ? 366 : 365;
        year++;
    }
    unsigned month = 0;
    unsigned day = (unsigned)days;
    while (month < 11 && day >= month_days[month] + (month == 1 && is_leap(year) ? 1u : 0u)) {
        day -= month_days[month] + (month == 1 && is_leap(year) ? 1u : 0u);
        month++;
    }
    (void)snprintf(text, TEXT_TIME, "%04u-%02u-%02u%c%02u:%02u:%02u.%03uZ", year % 10000, month + 1,
                   (day + 1) % 100, between, ms / 3600000, ms / 60000 % 60, ms / 1000 % 60,
                   ms % 1000);
}

void text_count(uint64_t count, char text[TEXT_COUNT]) {
    char digits[TEXT_COUNT];
    int size = snprintf(digits, sizeof digits, "%" PRIu64, count);
    char *to = text;
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0) {
            *to++ = ',';
        }
        *to++ = digits[i];
    }
    *to = '\0';
}

bool text_is_identifier(const char *text) {
    if (text == NULL || text[0] < 'a' || text[0] > 'z') {
        return false;
    }
    size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
    return size < TEXT_IDENTIFIER_MAX && text[size] == '\0';
}

void text_make_word(char *text) {
    for (char *blank = strchr(text, ' '); blank != NULL; blank = strchr(blank, ' ')) {
        *blank = '_';
    }
}

bool text_is_name(const char *text) {
    size_t size = strlen(text);
    return size > 0 && size < PORTICO_LABEL_MAX && text_is_plain(text, size);
}

/* Whether the first `size` bytes of `text` are `word`, which is in lower case, in any case. */
static bool is_word(const char *text, size_t size, const char *word) {
    size_t same = 0;
    while (same < size && word[same] != '\0' && text_lower(text[same]) == word[same]) {
        same++;
    }
    return same == size && word[same] == '\0';
}

bool text_is_device(const char *text) {
    static const char *const names[] = {"aux", "con", "nul", "prn"};
    size_t size = strcspn(text, "./");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (is_word(text, size, names[i])) {
            return true;
        }
    }
    bool port = size == 4 && (is_word(text, 3, "com") || is_word(text, 3, "lpt"));
    return port && text[3] >= '0' && text[3] <= '9';
}

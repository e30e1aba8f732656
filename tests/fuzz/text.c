/* text.c: checks of UTF-8, names, suggestions and times, each compared with a slow second one.
 *
 * Input: a time (6 bytes), then two texts, separated by the byte 0xFF.
 *
 * Covers: base/text.c, base/suggest.c */
#include "base/suggest.h"
#include "base/text.h"
#include "fuzz.h"
#include "support/utf8.h"

#include <portico/portico.h>

/* ---- UTF-8 ----------------------------------------------------------------------------------- */

/* The number of bytes of a character, found by decoding it loosely and encoding the result. */
static size_t slow_character(const uint8_t *bytes, size_t size, uint32_t *code) {
    uint8_t right[4];
    size_t length = size == 0          ? 0
                    : bytes[0] < 0x80  ? 1
                    : bytes[0] >= 0xF0 ? 4
                    : bytes[0] >= 0xE0 ? 3
                                       : 2;
    if (length == 0 || length > size) {
        return 0;
    }
    *code = length == 1 ? bytes[0] : bytes[0] & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        *code = *code << 6 | (bytes[i] & 0x3Fu);
    }
    bool surrogate = *code >= 0xD800 && *code < 0xE000;
    bool same = *code <= 0x10FFFF && !surrogate && utf8_encode(*code, right) == length &&
                memcmp(right, bytes, length) == 0;
    return same ? length : 0;
}

static bool slow_control(uint32_t code) {
    static const uint32_t others[] = {0x7F,   0x2028, 0x2029, 0x202A, 0x202B, 0x202C,
                                      0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (code == others[i]) {
            return true;
        }
    }
    return code < 0x20 || (code >= 0x80 && code <= 0x9F);
}

static void check_utf8(const char *text, size_t size) {
    bool valid = true;
    bool plain = true;
    for (size_t at = 0; at < size;) {
        uint32_t code = 0;
        size_t length = slow_character((const uint8_t *)text + at, size - at, &code);
        CHECK_INT(text_character(text + at, size - at), length);
        if (length > 0) {
            CHECK_INT(text_is_control(text + at, length), slow_control(code));
            plain = plain && !slow_control(code);
        }
        valid = valid && length > 0;
        at += length > 0 ? length : 1;
    }
    CHECK_INT(text_character(text, 0), 0);
    CHECK_INT(text_is_utf8(text, size), valid);
    CHECK_INT(text_is_plain(text, size), valid && plain);
    CHECK_INT(text_is_name(text), valid && plain && size > 0 && size <= 63);
}

/* Plain bytes stay where they are. */
static void check_made_plain(const char *text, size_t size) {
    char *plain = text_copy(text, size);
    CHECK(plain != NULL);
    text_make_plain(plain);
    CHECK_INT(strlen(plain), size);
    CHECK(text_is_plain(plain, size));
    CHECK(!text_is_plain(text, size) || memcmp(plain, text, size) == 0);
    for (size_t i = 0; i < size; i++) {
        CHECK(plain[i] == text[i] || plain[i] == '?');
    }
    free(plain);
}

static void check_identifier(const char *text) {
    size_t size = strlen(text);
    bool right = size > 0 && size <= 31 && text[0] >= 'a' && text[0] <= 'z';
    for (size_t i = 0; i < size; i++) {
        right = right && ((text[i] >= 'a' && text[i] <= 'z') || text[i] == '_' ||
                          (text[i] >= '0' && text[i] <= '9'));
    }
    CHECK_INT(text_is_identifier(text), right);
}

/* ---- suggestions ----------------------------------------------------------------------------- */

static char folded(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c == '-' || c == ' ' ? '_' : c;
}

/* The whole table, in full integers. */
static size_t slow_distance(const char *a, size_t a_size, const char *b, size_t b_size) {
    static size_t table[SUGGEST_WORD_MAX + 1][SUGGEST_WORD_MAX + 1];
    for (size_t i = 0; i <= a_size; i++) {
        for (size_t j = 0; j <= b_size; j++) {
            size_t best = i == 0 ? j : j == 0 ? i : SIZE_MAX;
            if (i > 0 && j > 0) {
                bool same = folded(a[i - 1]) == folded(b[j - 1]);
                size_t changed = table[i - 1][j - 1] + !same;
                size_t removed = table[i - 1][j] + 1;
                size_t added = table[i][j - 1] + 1;
                best = changed < removed ? changed : removed;
                best = added < best ? added : best;
            }
            if (i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
                folded(a[i - 2]) == folded(b[j - 1]) && table[i - 2][j - 2] + 1 < best) {
                best = table[i - 2][j - 2] + 1;
            }
            table[i][j] = best;
        }
    }
    return table[a_size][b_size];
}

static void check_suggest(const char *a, const char *b) {
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    size_t distance = suggest_distance(a, b);
    CHECK(suggest_distance(b, a) == distance);
    if (a_size > SUGGEST_WORD_MAX || b_size > SUGGEST_WORD_MAX) {
        CHECK(distance == SIZE_MAX);
    } else {
        CHECK_INT(distance, slow_distance(a, a_size, b, b_size));
    }
    suggest s = suggest_begin(a);
    suggest_offer(&s, b);
    const char *found = suggest_result(&s);
    CHECK(found == NULL || (found == b && distance <= 3 && distance < b_size));
    suggest_offer(&s, a);
    CHECK(a_size == 0 || a_size > SUGGEST_WORD_MAX ||
          suggest_result(&s) == (distance == 0 && b_size > 0 ? b : a));
}

/* ---- times ----------------------------------------------------------------------------------- */

/* Reads the text back: the days since 1970 by a formula (civil_from_days in reverse). */
static void check_time(uint64_t ms) {
    char text[TEXT_TIME];
    unsigned year, month, day, hour, minute, second, part;
    text_time(ms, 'T', text);
    CHECK_INT(strlen(text), 24);
    CHECK_INT(sscanf(text, "%4u-%2u-%2uT%2u:%2u:%2u.%3uZ", &year, &month, &day, &hour, &minute,
                     &second, &part),
              7);
    if (ms >= 253402300800000) {
        return; /* after the year 9999 */
    }
    unsigned y = year - (month <= 2);
    unsigned era = y / 400;
    unsigned of_year = (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;
    unsigned of_era = (y % 400) * 365 + y % 400 / 4 - y % 400 / 100 + of_year;
    uint64_t days = (uint64_t)era * 146097 + of_era - 719468;
    CHECK_INT((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + part, ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input in = {data, size};
    check_time(input_u32(&in) | (uint64_t)input_u16(&in) << 32);
    const uint8_t *end = in.size > 0 ? memchr(in.at, 0xFF, in.size) : NULL;
    input first = {in.at, end != NULL ? (size_t)(end - in.at) : in.size};
    input second = {in.at + first.size + (end != NULL), in.size - first.size - (end != NULL)};
    char *a = input_rest(&first);
    char *b = input_rest(&second);
    check_utf8(a, strlen(a));
    check_utf8(b, strlen(b));
    check_made_plain(a, strlen(a));
    check_identifier(a);
    check_suggest(a, b);
    free(a);
    free(b);
    return 0;
}

/* suggest.c: see suggest.h. */
#include "base/suggest.h"

#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static char folded(char c) {
    return c == '-' || c == ' ' ? '_' : text_lower(c);
}

static uint8_t smaller(uint8_t a, uint8_t b) {
    return a < b ? a : b;
}

size_t suggest_distance(const char *a, const char *b) {
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    if (a_size > SUGGEST_WORD_MAX || b_size > SUGGEST_WORD_MAX) {
        return SIZE_MAX;
    }
    /* Three rows of the table: a swap of neighbours looks two rows back. */
    uint8_t rows[3][SUGGEST_WORD_MAX + 1] = {{0}};
    uint8_t *before = rows[0];
    uint8_t *above = rows[1];
    uint8_t *row = rows[2];
    for (size_t j = 0; j <= b_size; j++) {
        above[j] = (uint8_t)j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        row[0] = (uint8_t)i;
        for (size_t j = 1; j <= b_size; j++) {
            char x = folded(a[i - 1]);
            char y = folded(b[j - 1]);
            row[j] = (uint8_t)(above[j - 1] + (x != y));
            row[j] = smaller(row[j], (uint8_t)(smaller(above[j], row[j - 1]) + 1));
            if (i > 1 && j > 1 && x == folded(b[j - 2]) && y == folded(a[i - 2])) {
                row[j] = smaller(row[j], (uint8_t)(before[j - 2] + 1));
            }
        }
        uint8_t *oldest = before;
        before = above;
        above = row;
        row = oldest;
    }
    return above[b_size];
}

suggest suggest_begin(const char *word) {
    size_t size = strlen(word);
    /* Three letters are one step from too many other words to allow two. */
    size_t allowed = size <= 3 ? 1 : size <= 6 ? 2 : 3;
    suggest s = {word, NULL, allowed + 1};
    return s;
}

void suggest_offer(suggest *s, const char *candidate) {
    size_t distance = suggest_distance(s->word, candidate);
    /* Words that differ in every letter are not alike. */
    bool alike = distance < strlen(candidate);
    if (alike && distance < s->distance) {
        s->nearest = candidate;
        s->distance = distance;
    }
}

const char *suggest_result(const suggest *s) {
    return s->nearest;
}

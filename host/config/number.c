/* number.c: see number.h. */
#include "config/number.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct number_unit {
    const char *name;
    int64_t factor;
} number_unit;

static const number_unit sizes[] = {{"G", INT64_C(1) << 30}, {"M", 1 << 20}, {"K", 1 << 10}};
static const number_unit times[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
enum { SIZES = sizeof sizes / sizeof sizes[0], TIMES = sizeof times / sizeof times[0] };

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* ---- whole numbers ---- */

/* Reads an optional '-' and digits; returns what follows, NULL: no number or too large. */
static const char *read_digits(const char *text, int64_t *value) {
    bool negative = *text == '-';
    uint64_t most = (uint64_t)INT64_MAX + negative;
    uint64_t sum = 0;
    text += negative;
    if (!is_digit(*text)) {
        return NULL;
    }
    for (; is_digit(*text); text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (sum > (most - digit) / 10) {
            return NULL;
        }
        sum = sum * 10 + digit;
    }
    *value = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return text;
}

static bool multiply(int64_t sum, int64_t factor, int64_t *value) {
    if (sum > INT64_MAX / factor || sum < INT64_MIN / factor) {
        return false;
    }
    *value = sum * factor;
    return true;
}

bool number_integer(const char *text, int64_t *value) {
    int64_t sum = 0;
    const char *end = read_digits(text, &sum);
    if (end == NULL || *end != '\0') {
        return false;
    }
    *value = sum;
    return true;
}

bool number_bytes(const char *text, int64_t *value) {
    int64_t sum = 0;
    const char *end = read_digits(text, &sum);
    int64_t factor = 0;
    if (end == NULL) {
        return false;
    }
    if (*end == '\0') {
        *value = sum;
        return true;
    }
    for (size_t i = 0; i < SIZES; i++) {
        char upper = sizes[i].name[0];
        if (end[1] == '\0' && (*end == upper || *end == upper - 'A' + 'a')) {
            factor = sizes[i].factor;
        }
    }
    return factor != 0 && multiply(sum, factor, value);
}

bool number_duration(const char *text, int64_t *ms) {
    int64_t sum = 0;
    const char *end = read_digits(text, &sum);
    int64_t factor = end != NULL && *end == '\0' ? 1 : 0;
    for (size_t i = 0; end != NULL && i < TIMES; i++) {
        factor = strcmp(end, times[i].name) == 0 ? times[i].factor : factor;
    }
    return factor != 0 && multiply(sum, factor, ms);
}

/* The largest unit that `value` is a whole number of; NULL: none. */
static const number_unit *unit_of(int64_t value, const number_unit *units, size_t count) {
    for (size_t i = 0; value != 0 && i < count; i++) {
        if (value % units[i].factor == 0) {
            return &units[i];
        }
    }
    return NULL;
}

static void format_units(int64_t value, const number_unit *unit, char *text) {
    (void)snprintf(text, NUMBER_TEXT_MAX, "%" PRId64 "%s",
                   unit != NULL ? value / unit->factor : value, unit != NULL ? unit->name : "");
}

void number_format_bytes(int64_t value, char text[NUMBER_TEXT_MAX]) {
    format_units(value, unit_of(value, sizes, SIZES), text);
}

void number_format_duration(int64_t ms, char text[NUMBER_TEXT_MAX]) {
    format_units(ms, unit_of(ms, times, TIMES), text);
}

/* ---- reals ---- */

/* The decimal point of strtod and printf: a module may have chosen any locale. */
typedef struct decimal_point {
    char text[8];
    size_t size;
} decimal_point;

static decimal_point point_now(void) {
    char probe[16];
    decimal_point p = {".", 1};
    int size = snprintf(probe, sizeof probe, "%.1f", 0.0); /* "0.0" or "0,0" */
    if (size > 2 && (size_t)size - 2 < sizeof p.text) {
        p.size = (size_t)size - 2;
        memcpy(p.text, probe + 1, p.size);
    }
    return p;
}

/* Whether it is digits with an optional sign, point and exponent; *point is where the point is. */
static bool is_real(const char *text, const char **point) {
    const char *at = text + (*text == '-');
    size_t digits = 0;
    *point = NULL;
    for (; is_digit(*at) || (*at == '.' && *point == NULL); at++) {
        digits += is_digit(*at);
        *point = *at == '.' ? at : *point;
    }
    if (digits > 0 && (*at == 'e' || *at == 'E')) {
        at += at[1] == '-' || at[1] == '+' ? 2 : 1;
        digits = 0;
        for (; is_digit(*at); at++) {
            digits++;
        }
    }
    return digits > 0 && *at == '\0';
}

bool number_real(const char *text, double *value) {
    enum { REAL_MAX = 256 }; /* more than a line of an ini has */
    char local[REAL_MAX + sizeof(decimal_point)];
    const char *point = NULL;
    size_t size = strlen(text);
    if (size > REAL_MAX || !is_real(text, &point)) {
        return false;
    }
    if (point == NULL) {
        memcpy(local, text, size + 1);
    } else {
        const decimal_point p = point_now();
        size_t before = (size_t)(point - text);
        memcpy(local, text, before);
        memcpy(local + before, p.text, p.size);
        memcpy(local + before + p.size, point + 1, size - before);
    }
    double read = strtod(local, NULL);
    if (read < -DBL_MAX || read > DBL_MAX) { /* mingw's isfinite warns of a conversion to float */
        return false;                        /* too large for a double */
    }
    *value = read;
    return true;
}

void number_format_real(double value, char text[NUMBER_TEXT_MAX]) {
    const decimal_point p = point_now();
    double same = 0;
    for (int digits = 1; digits <= 17; digits++) {
        (void)snprintf(text, NUMBER_TEXT_MAX, "%.*g", digits, value);
        char *point = strstr(text, p.text);
        if (point != NULL) {
            *point = '.';
            memmove(point + 1, point + p.size, strlen(point + p.size) + 1);
        }
        if (number_real(text, &same) &&
            same == value) { /* NOLINT: the same number, not a near one */
            return;
        }
    }
}

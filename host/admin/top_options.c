/* top_options.c: see top_options.h. */
#include "admin/top_options.h"

#include <stdio.h>
#include <string.h>

enum { COUNT_MAX = 1000000 };

/* Takes the next word of *text, at most size - 1 bytes of it. False: there is none. */
static bool next_word(const char **text, char *word, size_t size) {
    *text += strspn(*text, " ");
    size_t length = strcspn(*text, " ");
    snprintf(word, size, "%.*s", (int)length, *text);
    *text += length;
    return length > 0;
}

/* Reads digits with up to `places` more behind a point, as a whole number of units 10^-places: no sign, no exponent, no
 * locale. False: it is no such number, or above `max`. */
static bool parse_number(const char *text, int places, uint32_t max, uint32_t *number) {
    uint64_t value = 0;
    int behind = -1; /* how many digits behind the point; -1: it has not come */
    bool digit = false;
    for (; *text != '\0'; text++) {
        if (*text == '.' && behind < 0 && places > 0) {
            behind = 0;
        } else if (*text >= '0' && *text <= '9' && behind < places && value <= max) {
            value = value * 10 + (uint64_t)(*text - '0');
            behind += behind >= 0;
            digit = true;
        } else {
            return false;
        }
    }
    for (behind = behind < 0 ? 0 : behind; behind < places; behind++) {
        value *= 10;
    }
    *number = (uint32_t)(value <= max ? value : max);
    return digit && value <= max;
}

static bool parse_option(const char *name, const char *value, top_options *options, char *why) {
    if (strcmp(name, "--interval") == 0) {
        bool good = parse_number(value, 3, TOP_INTERVAL_MAX_MS, &options->interval_ms) &&
                    options->interval_ms >= TOP_INTERVAL_MIN_MS;
        snprintf(why, COMMAND_WHY_MAX,
                 "--interval takes seconds, 0.1 to 60, such as 1 or 0.5; found \"%s\"", value);
        return good;
    }
    if (strcmp(name, "--count") == 0) {
        bool good = parse_number(value, 0, COUNT_MAX, &options->count) && options->count > 0;
        snprintf(why, COMMAND_WHY_MAX, "--count takes a whole number, 1 to %d; found \"%s\"",
                 COUNT_MAX, value);
        return good;
    }
    snprintf(why, COMMAND_WHY_MAX, "top takes --interval SECONDS and --count N; found \"%s\"",
             name);
    return false;
}

bool top_options_parse(const char *text, top_options *options, char why[COMMAND_WHY_MAX]) {
    char name[64];
    char value[64];
    *options = (top_options){.interval_ms = 1000};
    while (next_word(&text, name, sizeof name)) {
        (void)next_word(&text, value, sizeof value); /* "" when there is none, which is no number */
        if (!parse_option(name, value, options, why)) {
            return false;
        }
    }
    return true;
}

/* top_options.c: see top_options.h. */
#include "admin/top_options.h"

#include <stdio.h>
#include <string.h>

enum { COUNT_MAX = 1000000 };

/* Reads digits, with up to `places` more after a point, as a whole number of units of 10^-places.
 * No sign, no exponent, no locale. False: `text` is not such a number, or is above `max`. */
static bool parse_number(const char *text, int places, uint32_t max, uint32_t *number) {
    uint64_t value = 0;
    int decimals = -1; /* digits after the point; -1: there was no point yet */
    bool digit = false;
    for (; *text != '\0'; text++) {
        if (*text == '.' && decimals < 0 && places > 0) {
            decimals = 0;
        } else if (*text >= '0' && *text <= '9' && decimals < places && value <= max) {
            value = value * 10 + (uint64_t)(*text - '0');
            decimals += decimals >= 0;
            digit = true;
        } else {
            return false;
        }
    }
    for (decimals = decimals < 0 ? 0 : decimals; decimals < places; decimals++) {
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
    while (command_next_word(&text, name, sizeof name)) {
        (void)command_next_word(&text, value,
                                sizeof value); /* "" when there is none, which is not a number */
        if (!parse_option(name, value, options, why)) {
            return false;
        }
    }
    return true;
}

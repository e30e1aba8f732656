/* trace_options.c: see trace_options.h. */
#include "admin/trace_options.h"

#include <stdio.h>
#include <string.h>

enum { WORD_MAX = 2 * PORTICO_LABEL_MAX };

/* Reads a whole number from 1 to `most`. */
static bool read_number(const char *word, uint64_t most, uint64_t *number) {
    *number = 0;
    for (const char *at = word; *at != '\0'; at++) {
        uint64_t digit = (uint64_t)(unsigned char)*at - '0';
        if (digit > 9 || *number > (most - digit) / 10) {
            return false;
        }
        *number = *number * 10 + digit;
    }
    return *number > 0;
}

/* Reads what is to be traced. */
static bool read_subject(const char **text, trace_spec *spec, char *why) {
    char kind[WORD_MAX];
    char which[WORD_MAX];
    (void)command_next_word(text, kind, WORD_MAX);
    bool given = command_next_word(text, which, WORD_MAX);
    bool type = strcmp(kind, "type") == 0;
    if ((!type && strcmp(kind, "session") != 0 && strcmp(kind, "room") != 0) || !given) {
        snprintf(why, COMMAND_WHY_MAX,
                 "trace takes session ID, room ID or type NAME first; found \"%s\"%s", kind,
                 given ? "" : " and nothing after it");
        return false;
    }
    if (type) {
        spec->kind = TRACE_TYPE;
        memcpy(spec->type, which, sizeof spec->type);
        return true;
    }
    spec->kind = kind[0] == 's' ? TRACE_SESSION : TRACE_ROOM;
    if (!read_number(which, UINT64_MAX, &spec->id)) {
        snprintf(why, COMMAND_WHY_MAX, "the ID of a %s is a number; found \"%s\"", kind, which);
        return false;
    }
    return true;
}

static bool read_option(const char **text, const char *name, trace_spec *spec, char *why) {
    char value[WORD_MAX] = "";
    uint64_t number = 0;
    if (strcmp(name, "payload") == 0) {
        spec->payload = true;
        return true;
    }
    bool count = strcmp(name, "count") == 0;
    if (!count && strcmp(name, "seconds") != 0) {
        snprintf(why, COMMAND_WHY_MAX, "trace takes count N, seconds S and payload; found \"%s\"",
                 name);
        return false;
    }
    uint32_t most = count ? TRACE_COUNT_MAX : TRACE_SECONDS_MAX;
    (void)command_next_word(text, value, WORD_MAX);
    if (!read_number(value, most, &number)) {
        snprintf(why, COMMAND_WHY_MAX, "%s takes a whole number, 1 to %u; found \"%s\"", name,
                 (unsigned)most, value);
        return false;
    }
    *(count ? &spec->count : &spec->seconds) = (uint32_t)number;
    return true;
}

bool trace_options_parse(const char *text, trace_spec *spec, char why[COMMAND_WHY_MAX]) {
    char name[WORD_MAX];
    *spec = (trace_spec){.count = TRACE_COUNT, .seconds = TRACE_SECONDS};
    if (!read_subject(&text, spec, why)) {
        return false;
    }
    while (command_next_word(&text, name, WORD_MAX)) {
        if (!read_option(&text, name, spec, why)) {
            return false;
        }
    }
    return true;
}

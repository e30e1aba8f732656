/* setting.h: one row of a module's settings: its rules, and its value as text and in its target.
 * Pure, any thread, except setting_write. */
#ifndef PORTICO_SETTING_H
#define PORTICO_SETTING_H

#include "config/value.h"

#include <portico/portico.h>

enum {
    SETTING_KEY_MAX = 64,       /* bytes of a key, its zero included */
    SETTING_CHOICES_MAX = 256,  /* words of a CHOICE */
    SETTING_WORD_MAX = 64,      /* bytes of such a word, its zero included */
    SETTING_HELP_MAX = 1024,    /* bytes of `help`, its zero included */
    SETTING_FALLBACK_MAX = 256, /* bytes of `fallback`, its zero included: more than a line has */
    SETTING_FAULT_MAX = 400     /* room for any fault */
};

/* Whether the row's own members are right, the fallback among them. Otherwise `fault` says which
 * one is not. Reads nothing past the limits above. */
bool setting_is_right(const portico_setting *s, char fault[SETTING_FAULT_MAX]);

/* Whether the key of a row is a zero-terminated text of allowed characters. */
bool setting_key_allowed(const portico_setting *s);

/* A value of any kind. */
typedef struct setting_value {
    int64_t number; /* the index of a CHOICE, 0 or 1 of a BOOL */
    double real;
    const char *text; /* of a TEXT: the text that was read */
} setting_value;

/* Reads a value as the ini has it. False: the setting does not allow it; *value is unchanged. */
bool setting_read(const portico_setting *s, const char *text, setting_value *value);

/* Writes the value to the setting's target. */
void setting_write(const portico_setting *s, const setting_value *value);

/* Writes what the setting allows: "a whole number from 10 to 1000", "easy, normal or hard". `text`
 * is what was found: a similar word is suggested ("" for none). */
void setting_allowed(const portico_setting *s, const char *text, char allowed[VALUE_ALLOWED_MAX]);

/* "integer", "real", "bool", "text", "duration", "bytes" or "choice"; NULL: no such kind. */
const char *setting_kind_name(uint32_t kind);

#endif

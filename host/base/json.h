/* json.h: writes JSON to a function, indented by two spaces: each value is on a line of its own,
 * unless `flat` is set. One thread at a time. */
#ifndef PORTICO_JSON_H
#define PORTICO_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

enum { JSON_ESCAPED = 8 }; /* room for a character as json_escape writes it */

/* Writes how JSON spells the ASCII character `c` in a text. False: as it is. */
bool json_escape(char c, char escaped[JSON_ESCAPED]);

typedef struct json {
    void (*write)(void *arg, const char *bytes, size_t size);
    void *arg;
    uint32_t depth;
    bool flat; /* all is on one line */
    bool more; /* the object or array has a member already */
} json;

/* `key` is NULL in an array and for the outermost value; a text is UTF-8, or NULL for null. Bytes
 * that are not UTF-8 become U+FFFD. */
void json_begin(json *j, const char *key, char bracket); /* '{' or '[' */
void json_end(json *j, char bracket);                    /* '}' or ']' */
void json_text(json *j, const char *key, const char *text);
void json_number(json *j, const char *key, int64_t number);
void json_id(json *j, const char *key, uint64_t id); /* a text: JavaScript's numbers have 53 bits */
void json_time(json *j, const char *key, uint64_t wall_ms); /* a text, as of text_time */
void json_real(json *j, const char *key, double number);
void json_figure(json *j, const char *key, const char *number); /* spelt as in JSON */
void json_bool(json *j, const char *key, bool value);

#endif

/* lines.h: a growing text, for the answers to `ctl` and over HTTP. One owner, no lock.
 *
 * An answer is text, or one JSON object: then its members are what lines_object is given, an array
 * "lines" of what lines_add is given, and at the end "ok", with "status" and "error" if that is
 * false. Each line of it begins with "| ", as the protocol of ctl wants, unless `bare` is set.
 */
#ifndef PORTICO_LINES_H
#define PORTICO_LINES_H

#include "base/json.h"
#include "os/compiler.h"

#include <portico/status.h>

#include <stdbool.h>
#include <stddef.h>

typedef struct lines {
    char *text;
    size_t size;
    size_t capacity;
    bool failed;           /* out of memory: the text is incomplete */
    bool as_json;          /* set before the first line */
    bool bare;             /* without what the protocol of ctl adds. Likewise */
    bool begun;            /* the object has been */
    bool listed;           /* its "lines" have been */
    portico_status status; /* how it has ended */
    json out;
} lines;

/* An empty answer of the same form. */
lines lines_like(const lines *l);

/* Appends "| ", the formatted text and a line feed. In the text, '?' replaces what is not plain,
 * such as another line feed or half a character at a cut. */
void lines_add(lines *l, const char *format, ...) PRINTF_LIKE(2, 3);

/* Where to write members of the answer's object; NULL: it is text. Not after lines_add. */
json *lines_object(lines *l);

/* The array `key` of the answer's object, from the first call to the second. Text has none. */
void lines_list(lines *l, const char *key);
void lines_list_end(lines *l);

/* Appends the bytes as they are. lines_write is the same as a callback, whose argument is the
 * lines. */
void lines_bytes(lines *l, const char *bytes, size_t size);
void lines_write(void *l, const char *bytes, size_t size);

/* Appends the line that ends an answer: "ok", or "error " and `why` or, if that is "", the sentence
 * of the status. After a failure the lines before it are dropped, and "ok" becomes an error that
 * says so; `failed` then means that there is no memory even for that. */
void lines_end(lines *l, portico_status status, const char *why);

void lines_free(lines *l);

#endif

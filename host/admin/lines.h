/* lines.h: a growing text, for the answers to `ctl`. One owner, no lock. */
#ifndef PORTICO_LINES_H
#define PORTICO_LINES_H

#include "os/compiler.h"

#include <portico/status.h>

#include <stdbool.h>
#include <stddef.h>

typedef struct lines {
    char *text;
    size_t size;
    size_t capacity;
    bool failed; /* out of memory: the text is incomplete */
} lines;

/* Appends "| ", the formatted text and a line feed. In the text, '?' replaces what is not plain,
 * such as another line feed or half a character at a cut. */
void lines_add(lines *l, const char *format, ...) PRINTF_LIKE(2, 3);

/* Appends the line that ends an answer: "ok", or "error " and `why` or, if that is "", the sentence
 * of the status. After a failure the lines before it are dropped, and "ok" becomes an error that says
 * so; `failed` then means that there is no memory even for that. */
void lines_end(lines *l, portico_status status, const char *why);

void lines_free(lines *l);

#endif

/* lines.h: text that grows: what `ctl` is answered. One owner, no lock. */
#ifndef PORTICO_LINES_H
#define PORTICO_LINES_H

#include <stdbool.h>
#include <stddef.h>

typedef struct lines {
    char *text;
    size_t size;
    size_t capacity;
    bool failed; /* out of memory: the text is incomplete */
} lines;

/* Appends "| ", the formatted text and a line feed. */
void lines_add(lines *l, const char *format, ...)
#if defined(__MINGW32__) && !defined(__clang__)
    __attribute__((format(gnu_printf, 2, 3)));
#elif defined(__GNUC__)
    __attribute__((format(printf, 2, 3)));
#else
    ;
#endif

void lines_free(lines *l);

#endif

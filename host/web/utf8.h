/* utf8.h: checks UTF-8 that arrives in pieces (RFC 3629). Pure, any thread. */
#ifndef PORTICO_WEB_UTF8_H
#define PORTICO_WEB_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Between two pieces. All bytes zero: before the first. */
typedef struct utf8 {
    uint8_t missing; /* bytes of the current character */
    uint8_t low;     /* what the next of them may be */
    uint8_t high;
} utf8;

/* Checks the next piece. False: no text begins with these bytes. */
bool utf8_take(utf8 *u, const uint8_t *bytes, size_t size);

/* Whether the text may end here. */
static inline bool utf8_whole(const utf8 *u) {
    return u->missing == 0;
}

bool utf8_is_text(const void *bytes, size_t size);

#endif

/* suggest.h: the valid name nearest to a mistyped one. Pure, any thread.
 *
 *     suggest s = suggest_begin("max_sesions");
 *     suggest_offer(&s, "max_sessions"); ...
 *     suggest_result(&s) -> "max_sessions", or NULL if nothing is near
 */
#ifndef PORTICO_SUGGEST_H
#define PORTICO_SUGGEST_H

#include <stddef.h>

enum { SUGGEST_WORD_MAX = 64 }; /* longer words get no suggestion */

typedef struct suggest {
    const char *word;
    const char *nearest; /* as offered, or NULL */
    size_t distance;     /* of `nearest`; while that is NULL, the first distance that is too far */
} suggest;

suggest suggest_begin(const char *word);

/* `candidate` must outlive the result. Among equally near candidates the first wins. */
void suggest_offer(suggest *s, const char *candidate);

const char *suggest_result(const suggest *s);

/* How many characters must be inserted, removed, replaced or swapped with a neighbour to turn one
 * word into the other. Ignores case, and treats '-' and ' ' as '_'. */
size_t suggest_distance(const char *a, const char *b);

#endif

/* same.h: compares texts that simulated threads share. Not with strcmp: the thread sanitizer, which
 * does not see that the token orders them, sees what the C library reads. */
#ifndef TEST_SAME_H
#define TEST_SAME_H

#include <stdbool.h>
#include <stddef.h>

/* False if one is NULL. */
static inline bool same(const char *a, const char *b) {
    while (a != NULL && b != NULL && *a == *b) {
        if (*a == '\0') {
            return true;
        }
        a++;
        b++;
    }
    return false;
}

#endif

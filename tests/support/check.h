/* check.h: the assertions of the tests. Header only, any thread, stays on in release builds.
 *
 * The first check that fails prints file, line and both values and ends the test with exit code 1:
 * later failures would mostly have the same cause.
 *
 *     CHECK(session != NULL);
 *     CHECK_INT(frame.size, 4);
 *     CHECK_TEXT(status_name(status), "PORTICO_OK");
 *     CHECK_HAS(answer, "sessions 3"); */
#ifndef PORTICO_TEST_CHECK_H
#define PORTICO_TEST_CHECK_H

#include "support/scenario.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often `part` is in `text`. */
static inline uint32_t count_in(const char *text, const char *part) {
    uint32_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at++) {
        count++;
    }
    return count;
}

#define CHECK(condition) check_condition((condition) ? 1 : 0, #condition, __FILE__, __LINE__)

/* Integers of any type up to int64_t: the value found, the right value. */
#define CHECK_INT(found, right) \
    check_int((int64_t)(found), (int64_t)(right), #found, __FILE__, __LINE__)

/* Zero-terminated strings. Either may be NULL, which equals only NULL. */
#define CHECK_TEXT(found, right) check_text((found), (right), #found, __FILE__, __LINE__)

/* Zero-terminated strings: the second is a part of the first. */
#define CHECK_HAS(text, part) check_has((text), (part), #text, __FILE__, __LINE__)

static inline void check_failed(void) {
    (void)fflush(NULL);
    exit(1);
}

static inline void check_condition(int holds, const char *condition, const char *file, int line) {
    if (!holds) {
        (void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
        check_failed();
    }
}

static inline void check_int(int64_t found, int64_t right, const char *what, const char *file,
                             int line) {
    if (found != right) {
        (void)fprintf(stderr, "%s:%d: %s\n  is       %" PRId64 "\n  must be  %" PRId64 "\n", file,
                      line, what, found, right);
        check_failed();
    }
}

static inline void check_text(const char *found, const char *right, const char *what,
                              const char *file, int line) {
    int same = found == NULL || right == NULL ? found == right : strcmp(found, right) == 0;
    if (!same) {
        (void)fprintf(stderr, "%s:%d: %s\n  is       %s\n  must be  %s\n", file, line, what,
                      found != NULL ? found : "NULL", right != NULL ? right : "NULL");
        check_failed();
    }
}

static inline void check_has(const char *text, const char *part, const char *what, const char *file,
                             int line) {
    if (strstr(text, part) == NULL) {
        (void)fprintf(stderr, "%s:%d: %s\n  has no   %s\n  is       %s\n", file, line, what, part,
                      text);
        check_failed();
    }
}

#endif

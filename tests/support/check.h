/* check.h: what a test says must be so. Header only, any thread, stays on in release builds.
 *
 * The first thing that is not so is printed with file, line and both values, and ends the test with
 * exit code 1: what comes after would mostly be wrong for the same reason.
 *
 *     CHECK(session != NULL);
 *     CHECK_INT(frame.size, 4);
 *     CHECK_TEXT(status_name(status), "PORTICO_OK");
 */
#ifndef PORTICO_TEST_CHECK_H
#define PORTICO_TEST_CHECK_H

#include "support/scenario.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) check_condition((condition) ? 1 : 0, #condition, __FILE__, __LINE__)

/* Whole numbers of any type up to int64_t: what was found, what is right. */
#define CHECK_INT(found, right) \
    check_int((int64_t)(found), (int64_t)(right), #found, __FILE__, __LINE__)

/* Zero-terminated texts; either may be NULL, which equals NULL only. */
#define CHECK_TEXT(found, right) check_text((found), (right), #found, __FILE__, __LINE__)

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

#endif

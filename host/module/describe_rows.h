/* describe_rows.h: what the files of describe.h share: reading the tables of a description.
 * [control thread] */
#ifndef PORTICO_DESCRIBE_ROWS_H
#define PORTICO_DESCRIBE_ROWS_H

#include "module/image.h"

/* Writes `why`; returns PORTICO_E_INVALID. */
portico_status describe_refuse(char why[IMAGE_WHY_MAX], const char *format, ...)
#if defined(__MINGW32__) && !defined(__clang__)
    __attribute__((format(gnu_printf, 2, 3)));
#elif defined(__GNUC__)
    __attribute__((format(printf, 2, 3)));
#else
    ;
#endif

/* Checks that the table, called `name` in `why`, has at most `most` rows of at least `least`
 * bytes. */
portico_status describe_table(const portico_table *t, const char *name, size_t least, uint32_t most,
                              char why[IMAGE_WHY_MAX]);

/* Copies row `i` of a checked table to `to`; what the row does not have is zero. */
void describe_row(const portico_table *t, uint32_t i, void *to, size_t size);

/* Checks the name that row `i` has for people, and replaces NULL by "". */
portico_status describe_row_name(const char **name, const char *table, uint32_t i,
                                 char why[IMAGE_WHY_MAX]);

/* Takes over the tables `opcodes` and `sends` of the type that is called `what` in `why`. */
portico_status describe_opcodes(registered_type *t, const portico_session_type *from,
                                const char *what, char why[IMAGE_WHY_MAX]);

#endif

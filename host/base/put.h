/* put.h: writes text into a buffer without the C library's printf, which a handler of faults must
 * not call. Pure, any thread.
 */
#ifndef PORTICO_PUT_H
#define PORTICO_PUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A text that grows in a buffer. It always ends with a zero; if it does not fit, "..." is its
 * end. */
typedef struct put {
    char *text;
    size_t size; /* of the buffer: 4 or more */
    size_t used;
    bool cut;
} put;

/* An empty text in `text`. */
put put_begin(char *text, size_t size);

void put_text(put *p, const char *text);

/* Text that is not ours: what is no plain text (text.h) becomes '?'. */
void put_foreign(put *p, const char *text, size_t size);

void put_number(put *p, uint64_t number);
void put_signed(put *p, int64_t number);

/* In hexadecimal, with at least `digits` digits. */
void put_hex(put *p, uint64_t number, uint32_t digits);

/* About `digits` significant digits, at most 15: a bit less exact than printf. */
void put_real(put *p, double number, uint32_t digits);

/* Blanks up to the column `column` of the line. */
void put_column(put *p, size_t column);

#endif

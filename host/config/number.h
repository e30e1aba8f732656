/* number.h: numbers, sizes and times as an ini has them, to and from text. Pure, any thread, the
 * same in every locale. */
#ifndef PORTICO_CONFIG_NUMBER_H
#define PORTICO_CONFIG_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

enum { NUMBER_TEXT_MAX = 32 };

/* Each reads the whole text, without blanks around it. False: it is no such number, or one that
 * *value cannot hold; *value is then unchanged. */

/* Decimal digits after an optional '-'. */
bool number_integer(const char *text, int64_t *value);

/* A number that K, M or G may follow, in upper or lower case: 4096, 64K, 16m, 1G. */
bool number_bytes(const char *text, int64_t *value);

/* A number that ms, s, m or h may follow: 250, 250ms, 2s, 5m, 1h. */
bool number_duration(const char *text, int64_t *ms);

/* 1, -0.5, .5, 2.5e-3; neither infinite nor NaN, and no hexadecimal digits. */
bool number_real(const char *text, double *value);

/* Write the shortest text that reads as the same number: "64M", "1500ms", "0.1". */
void number_format_bytes(int64_t value, char text[NUMBER_TEXT_MAX]);
void number_format_duration(int64_t ms, char text[NUMBER_TEXT_MAX]);
void number_format_real(double value, char text[NUMBER_TEXT_MAX]);

#endif

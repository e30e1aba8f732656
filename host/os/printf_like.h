/* printf_like.h: lets the compiler check the arguments of functions that take a format as printf does.
 *
 * mingw-w64's gcc needs to be told that its printf is the C library's own and not Microsoft's; clang knows no other name.
 */
#ifndef PORTICO_PRINTF_LIKE_H
#define PORTICO_PRINTF_LIKE_H

/* After a declaration: which argument is the format, and which is the first behind it. */
#if defined(__MINGW32__) && !defined(__clang__)
#define PRINTF_LIKE(format_at, first) __attribute__((format(gnu_printf, format_at, first)))
#elif defined(__GNUC__)
#define PRINTF_LIKE(format_at, first) __attribute__((format(printf, format_at, first)))
#else
#define PRINTF_LIKE(format_at, first)
#endif

#endif

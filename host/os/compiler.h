/* compiler.h: what the host asks of the compiler beyond C11. */
#ifndef PORTICO_COMPILER_H
#define PORTICO_COMPILER_H

#include <stddef.h>

/* The struct of type `type` whose `member` is at `pointer`. */
#define container_of(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* Before a declaration: the function rarely runs. The compiler keeps it out of its callers, places
 * it away from hot code, and lays out branches so that the path without the call is the straight
 * one. On a function that does run often it costs speed, never correctness. */
#if defined(__GNUC__)
#define COLD __attribute__((cold, noinline))
#else
#define COLD
#endif

/* Before a declaration: the compiler keeps the function out of its callers, whose common path then
 * needs fewer registers. */
#if defined(__GNUC__)
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE
#endif

/* Before a declaration: the compiler copies the function into its callers, although some of them
 * rarely run. */
#if defined(__GNUC__)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define ALWAYS_INLINE inline
#endif

/* Before a declaration: the function has no buffer on its stack, so it needs no canary there,
 * though the compiler may think so because it passes a variable's address on. */
#if defined(__has_attribute)
#if __has_attribute(no_stack_protector)
#define NO_CANARY __attribute__((no_stack_protector))
#endif
#endif
#ifndef NO_CANARY
#define NO_CANARY
#endif

/* Before a declaration: the function may touch an address that cannot be used, and a sanitizer is
 * not to say so. */
#if defined(__GNUC__)
#define MAY_FAULT __attribute__((no_sanitize("address"), no_sanitize("undefined")))
#else
#define MAY_FAULT
#endif

/* After a declaration: which argument is a printf format, and which is the first argument that it
 * formats. gnu_printf says to mingw-w64's gcc that its printf is the C library's own and not
 * Microsoft's; clang knows no other name. */
#if defined(__MINGW32__) && !defined(__clang__)
#define PRINTF_LIKE(format_at, first) __attribute__((format(gnu_printf, format_at, first)))
#elif defined(__GNUC__)
#define PRINTF_LIKE(format_at, first) __attribute__((format(printf, format_at, first)))
#else
#define PRINTF_LIKE(format_at, first)
#endif

#endif

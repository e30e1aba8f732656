/* plain.h: in a build with the thread sanitizer, included before the sources that are not
 * instrumented (races.h): functions of the C library that the sanitizer does not see. It would take
 * what the token orders for races. */
#ifndef PORTICO_SIM_PLAIN_H
#define PORTICO_SIM_PLAIN_H

#include <stdint.h>
#include <string.h>

static inline void *plain_memmove(void *to, const void *from, size_t size) {
    volatile uint8_t *t = to; /* volatile: or the compiler calls memmove for the loop */
    const uint8_t *f = from;
    for (size_t i = 0; (uintptr_t)to < (uintptr_t)from && i < size; i++) {
        t[i] = f[i];
    }
    for (size_t i = size; (uintptr_t)to > (uintptr_t)from && i > 0; i--) {
        t[i - 1] = f[i - 1];
    }
    return to;
}

static inline void *plain_memset(void *to, int value, size_t size) {
    volatile uint8_t *t = to;
    for (size_t i = 0; i < size; i++) {
        t[i] = (uint8_t)value;
    }
    return to;
}

static inline int plain_memcmp(const void *a, const void *b, size_t size) {
    const uint8_t *left = a;
    const uint8_t *right = b;
    for (size_t i = 0; i < size; i++) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return 0;
}

#define memcpy plain_memmove
#define memmove plain_memmove
#define memset plain_memset
#define memcmp plain_memcmp

#endif

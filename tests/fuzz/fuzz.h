/* fuzz.h: what the targets share. One target per file, one thread.
 *
 * A target is tests/fuzz/NAME.c: it defines LLVMFuzzerTestOneInput, which feeds the bytes to one
 * parser and checks what the parser promises with the CHECK macros. In the preset `fuzz` libFuzzer
 * calls it with inputs that it makes up; in all others replay.c calls it with the kept ones. */
#ifndef PORTICO_FUZZ_H
#define PORTICO_FUZZ_H

#include "support/check.h"

#include <stdbool.h>
#include <stddef.h>

/* Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input, taken from its start. At the end all numbers are 0. */
typedef struct input {
    const uint8_t *at;
    size_t size; /* what is left */
} input;

static inline uint8_t input_u8(input *in) {
    if (in->size == 0) {
        return 0;
    }
    in->size--;
    return *in->at++;
}

static inline uint32_t input_u16(input *in) {
    uint32_t low = input_u8(in);
    return low | (uint32_t)input_u8(in) << 8;
}

static inline uint32_t input_u32(input *in) {
    uint32_t low = input_u16(in);
    return low | input_u16(in) << 16;
}

/* Copies what is left, with a zero after it, to the heap: a sanitizer then sees reads past the
 * end. */
static inline char *input_rest(input *in) {
    char *text = calloc(1, in->size + 1);
    CHECK(text != NULL);
    if (in->size > 0) {
        memcpy(text, in->at, in->size);
    }
    in->at += in->size;
    in->size = 0;
    return text;
}

/* The same for the next line, without its line feed. */
static inline char *input_line(input *in) {
    const uint8_t *end = in->size > 0 ? memchr(in->at, '\n', in->size) : NULL;
    input line = {in->at, end != NULL ? (size_t)(end - in->at) : in->size};
    size_t used = line.size + (end != NULL);
    in->at += used;
    in->size -= used;
    return input_rest(&line);
}

#endif

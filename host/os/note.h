/* note.h: how the host distinguishes a child's note (child.h) from text in the same pipe. The
 * system's loader, or a tool that runs the child, may write to stderr before os_parent_take. */
#ifndef PORTICO_OS_NOTE_H
#define PORTICO_OS_NOTE_H

#include <stddef.h>
#include <stdint.h>

/* A note is this byte, which no text in UTF-8 has, and the note itself, in one write. */
enum { NOTE_MARK = 0xFF, NOTE_BYTES = 2 };

/* The last two bytes that have been read; zeros at first. */
typedef struct note_reader {
    uint8_t before;
    uint8_t last;
} note_reader;

static inline void note_read(note_reader *r, const uint8_t *bytes, size_t size) {
    if (size > 0) {
        r->before = size > 1 ? bytes[size - 2] : r->last;
        r->last = bytes[size - 1];
    }
}

/* 0: what was read last is no note. */
static inline uint8_t note_of(const note_reader *r) {
    return r->before == NOTE_MARK ? r->last : 0;
}

#endif

/* log_ring.h: lines that wait to be written, in a ring of bytes that never grows: first in, first
 * out.
 *
 * Not thread-safe: under the log's lock. The first record may be read without it until
 * log_ring_drop: nothing is written over it.
 */
#ifndef PORTICO_LOG_RING_H
#define PORTICO_LOG_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line before it is formatted. Its bytes are followed by the source and the text, both
 * zero-terminated. */
typedef struct log_record {
    uint64_t wall_ms;
    uint32_t size;        /* in the ring: with both texts, a multiple of 8; 0: the end is unused */
    uint16_t source_size; /* with its zero */
    uint8_t level;
    uint8_t reserved;
} log_record;

enum { LOG_RECORD_MAX = 4096 }; /* bytes of a record of the log: log_line.h limits its text */

typedef struct log_ring {
    uint8_t *bytes; /* aligned to 8 */
    uint32_t size;  /* a multiple of 8 */
    uint32_t first; /* where the first record is */
    uint32_t next;  /* where the next one goes */
    uint32_t used;  /* with what is left unused at the end */
} log_ring;

/* Adds a line and leaves at least `reserve` bytes free. False: it does not fit. */
bool log_ring_put(log_ring *r, uint32_t reserve, uint64_t wall_ms, int level, const char *source,
                  const char *text);

/* NULL: there is none. */
const log_record *log_ring_first(const log_ring *r);

/* Drops the first record; there is one. */
void log_ring_drop(log_ring *r);

const char *log_record_source(const log_record *r);
const char *log_record_text(const log_record *r);

#endif

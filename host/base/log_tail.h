/* log_tail.h: the last lines of the log, in memory, in a ring of fixed size. Adding: under
 * log_lock; reading: any thread. */
#ifndef PORTICO_LOG_TAIL_H
#define PORTICO_LOG_TAIL_H

#include "base/log_ring.h"

enum { LOG_TAIL_BYTES = 256 << 10 };

/* Adds a line in place of the oldest ones. */
void log_tail_put(uint64_t wall_ms, int level, const char *source, const char *text);

/* A copy of all lines: take them out of `ring` with log_ring_first and log_ring_drop. */
typedef struct log_tail {
    log_ring ring;
    uint64_t first; /* the number of its first line; the host's first one has 1 */
} log_tail;

/* False: no memory. End it with log_tail_free. */
bool log_tail_copy(log_tail *t);
void log_tail_free(log_tail *t);

#endif

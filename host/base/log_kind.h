/* log_kind.h: lines that clients can cause, of which a flood must not fill the log.
 *
 * Of one kind the first LOG_KIND_BURST are written at once, and later ones at most one a second.
 * All others are counted, and once a second one line says how many they were and what the last one
 * said. Not thread-safe: under the log's lock.
 */
#ifndef PORTICO_LOG_KIND_H
#define PORTICO_LOG_KIND_H

#include <stdbool.h>
#include <stdint.h>

enum { LOG_KIND_BURST = 10, LOG_KIND_MS = 1000, LOG_KIND_LAST = 256, LOG_KIND_SOURCE = 32 };

/* Static, and never freed: log.c has a list of those that were used. */
typedef struct log_kind {
    const char *name; /* "bad frames": how the summary begins */
    struct log_kind *next;
    bool listed;
    uint8_t level;
    uint32_t spent;               /* of LOG_KIND_BURST; one comes back each LOG_KIND_MS */
    uint64_t spent_ms;            /* since when nothing has come back */
    uint64_t more;                /* counted since the last summary */
    uint64_t since_ms;            /* when the first of them came */
    char source[LOG_KIND_SOURCE]; /* of the last one */
    char last[LOG_KIND_LAST];     /* its text */
} log_kind;

#define LOG_KIND(kind_name) \
    { .name = (kind_name) }

/* True: the line is to be written. False: it is counted; the caller fills `level`, `source` and
 * `last`. */
bool log_kind_admit(log_kind *k, uint64_t now_ms);

/* Whether its summary is due; with `all`, whether there is anything to sum up. */
bool log_kind_due(const log_kind *k, uint64_t now_ms, bool all);

/* Writes the summary and begins to count again. */
void log_kind_sum(log_kind *k, uint64_t now_ms, char *text, uint32_t size);

#endif

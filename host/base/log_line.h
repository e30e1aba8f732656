/* log_line.h: a line of the log in its two formats. Pure, any thread; also in a handler of faults.
 */
#ifndef PORTICO_LOG_LINE_H
#define PORTICO_LOG_LINE_H

#include "base/log.h"

/* Bytes of a whole line, and of a stream's buffer, so that it is one write. */
enum { LOG_LINE_MAX = 4096 };

enum { LOG_RAW_MAX = 2048 }; /* bytes of a message before anything is replaced */

/* "error", "warn", "info" or "debug". */
const char *log_level_name(log_level level);

typedef struct log_text {
    char bytes[LOG_LINE_MAX]; /* with its line feed */
    size_t size;
    bool cut;
} log_text;

void log_format_text(log_text *l, uint64_t wall_ms, log_level level, const char *source,
                     const char *text, bool colours);
void log_format_json(log_text *l, uint64_t wall_ms, log_level level, const char *source,
                     const char *text);

#endif

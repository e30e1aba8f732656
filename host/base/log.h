/* log.h: one line per event, as text for people or as JSON.
 *
 * Any thread, at any time. The terminal and the file each have a queue of 1 MiB and a thread that
 * writes it, so the caller of a line never waits for a pipe that nobody reads. Lines that find no
 * room are dropped, and a line says how many. The lines of a thread keep their order, and no line
 * is split. Before log_start and after log_stop, lines go to stderr as text, at once.
 */
#ifndef PORTICO_LOG_H
#define PORTICO_LOG_H

#include "base/log_kind.h"
#include "os/compiler.h"

#include <portico/status.h>

#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

typedef enum log_level { LOG_ERROR = 1, LOG_WARN, LOG_INFO, LOG_DEBUG } log_level;
typedef enum log_format { LOG_TEXT, LOG_JSON } log_format;
typedef enum log_colour { LOG_COLOUR_AUTO, LOG_COLOUR_ALWAYS, LOG_COLOUR_NEVER } log_colour;

typedef struct log_options {
    log_level level;           /* [log] level = error | warn | info | debug */
    log_format format;         /* [log] format = text | json; of the file and of the terminal */
    log_colour colour;         /* [log] colour = auto | always | never */
    bool terminal;             /* [log] terminal: write to stderr */
    char *file;                /* [log] file: NULL for none */
    uint64_t file_limit_bytes; /* [log] file_limit_bytes: rotate when larger */
    uint32_t keep;             /* [log] keep: rotated files kept */
} log_options;

/* Opens the file and starts the threads: before all others but that of os_on_signals. False:
 * nothing was started, and stderr has the reason. [main thread] */
bool log_start(const log_options *options);

/* Writes what is queued and ends the threads: after all others. False: a write has not returned for
 * two seconds; it is left behind, and what was queued after it is lost. [main thread] */
bool log_stop(void);

/* Writes what is queued, before the process ends in another way. Gives up when one write takes
 * `stall_ms`. */
void log_flush(uint32_t stall_ms);

enum { LOG_FLUSH_MS = 2000 /* for log_flush, where nobody waits */, LOG_WHY_MAX = 512 };

/* Opens the file again by its name, after a program such as logrotate has renamed it: later lines
 * go to the new file, and no line is lost. On failure `why` is a sentence for the user:
 * PORTICO_E_NOT_FOUND: the log has no file. PORTICO_E_SYSTEM: it cannot be opened; lines still go
 * to the old one. Or a write has not returned for two seconds; it is opened again after that. */
portico_status log_reopen(char why[LOG_WHY_MAX]);

bool log_enabled(log_level level);

/* Writes one line. `source` is the part of the host, or the module ("echo"). Control characters in
 * the formatted text are replaced, so that no client can forge a line. */
COLD void log_line(log_level level, const char *source, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same for a line that a client can cause as often as it likes (base/log_kind.h): each has a
 * static `kind`. */
COLD void log_limited(log_kind *kind, log_level level, const char *source, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* Writes each line of `text` as log_line does, and no other line in between. */
COLD void log_lines(log_level level, const char *source, const char *text);

/* Writes one line in a handler of faults, just before the process ends, and before it what is
 * queued. Takes no lock; waits some seconds for a sink that does not write. */
COLD void log_last_line(log_level level, const char *source, const char *text);

#define log_error(source, ...) log_line(LOG_ERROR, source, __VA_ARGS__)
#define log_warn(source, ...) log_line(LOG_WARN, source, __VA_ARGS__)
#define log_info(source, ...) log_line(LOG_INFO, source, __VA_ARGS__)
#define log_debug(source, ...) log_line(LOG_DEBUG, source, __VA_ARGS__)

#endif

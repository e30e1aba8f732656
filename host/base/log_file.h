/* log_file.h: the log's file, rotated by size: NAME becomes NAME.1, NAME.1 becomes NAME.2, up to
 * `keep`.
 *
 * log_file_open and log_file_close: while the file's sink has no thread. The rest: that thread.
 */
#ifndef PORTICO_LOG_FILE_H
#define PORTICO_LOG_FILE_H

#include <portico/status.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct log_file_options {
    const char *path; /* copied */
    uint64_t limit_bytes;
    uint32_t keep;
    void (*complain)(const char *text); /* about what is wrong with the file */
} log_file_options;

enum { LOG_FILE_WHY_MAX = 512 };

/* False: `why` has the reason. */
bool log_file_open(const log_file_options *options, char why[LOG_FILE_WHY_MAX]);
void log_file_close(void);

/* Writes a whole line. If lines before it could not be written, `note` is called after it with a
 * sentence about that, to be written as well. */
void log_file_write(const char *bytes, size_t size, void (*note)(const char *text));

/* Opens the file again by its name. False: `why` has the reason, and the old one is kept if there
 * is one. */
bool log_file_reopen(char why[LOG_FILE_WHY_MAX]);

#endif

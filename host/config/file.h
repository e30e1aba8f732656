/* file.h: reads an ini file through inih and accounts for every line. One thread.
 *
 * inih reports no line numbers and only its first error. It cuts long lines and names, joins
 * indented lines to the value above and skips sections without keys. So the reader function that
 * inih calls for lines feeds it one good line at a time, marks section headers with lines of its
 * own, and reports what inih would ignore silently. What a good line means is left to inih.
 */
#ifndef PORTICO_CONFIG_FILE_H
#define PORTICO_CONFIG_FILE_H

#include "config/fault.h"

#include <portico/status.h>

enum {
    CONFIG_FILE_MAX_BYTES = 1024 * 1024,
    /* inih's default, so that a file is valid however the inih that reads it was built */
    CONFIG_LINE_MAX_BYTES = 198
};

typedef struct config_events {
    /* A [name] begins. NULL: its header was wrong, which is reported, and its keys belong to
     * nothing. */
    void (*section)(void *arg, uint32_t line, const char *name);
    /* `name` and `value` may be empty. */
    void (*pair)(void *arg, uint32_t line, const char *name, const char *value);
    /* A line was refused, which is reported. What it would have set is unknown. */
    void (*lost)(void *arg);
} config_events;

/* Reads faults->path into *bytes, which the caller frees.
 * PORTICO_E_NOT_FOUND it cannot be read: a fault says why
 * PORTICO_E_NO_MEMORY */
portico_status config_file_read(config_faults *faults, char **bytes, size_t *size);

/* Parses the bytes of a file. Adds a fault for everything that is wrong with its lines.
 * PORTICO_OK         the end was reached, whatever was found
 * PORTICO_E_NO_MEMORY */
portico_status config_file_parse(config_faults *faults, const char *bytes, size_t size,
                                 const config_events *events, void *arg);

#endif

/* config_file.h: an ini file read through inih, every line accounted for. One thread.
 *
 * inih alone tells no line numbers, only its first error, cuts long lines and names, joins indented lines
 * to the value before them and says nothing of a section without keys. So the reader that it calls
 * for lines feeds it one good line at a time, marks section headers with lines of its own, and
 * reports what inih would pass over in silence. What a good line means is left to inih.
 */
#ifndef PORTICO_CONFIG_FILE_H
#define PORTICO_CONFIG_FILE_H

#include "config/fault.h"

#include <portico/status.h>

enum {
    CONFIG_FILE_MAX_BYTES = 1024 * 1024,
    CONFIG_LINE_MAX_BYTES =
        198 /* inih's own default: a file is right everywhere, however its inih was built */
};

typedef struct config_events {
    /* A [name] begins; NULL: its header was wrong (reported), what follows belongs to nothing. */
    void (*section)(void *arg, uint32_t line, const char *name);
    /* `name` may be empty, `value` too. */
    void (*pair)(void *arg, uint32_t line, const char *name, const char *value);
    /* A line was refused, and that is reported: what it may have set is not known. */
    void (*lost)(void *arg);
} config_events;

/* Reads faults->path into *bytes, for the caller to free.
 * PORTICO_E_NOT_FOUND it cannot be read: a fault says why
 * PORTICO_E_NO_MEMORY */
portico_status config_file_read(config_faults *faults, char **bytes, size_t *size);

/* Goes through the bytes of a file. What is wrong with its lines goes to `faults`.
 * PORTICO_OK         to its end, whatever was found
 * PORTICO_E_NO_MEMORY */
portico_status config_file_parse(config_faults *faults, const char *bytes, size_t size,
                                 const config_events *events, void *arg);

#endif

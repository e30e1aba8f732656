/* fault.h: collects everything that is wrong with one ini file, to report it in the order of the
 * lines. One thread. */
#ifndef PORTICO_CONFIG_FAULT_H
#define PORTICO_CONFIG_FAULT_H

#include "os/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FAULT_TEXT_MAX = 1200, /* bytes of one message, its zero included; longer ones are cut */
    FAULT_KEEP_MAX = 1000  /* more are only counted: such a file is no ini file */
};

/* Called once for each fault, in the order of the lines. `text` is one line without a line end,
 * such as "conf/portico.ini:12: [listener game] port = 99999: must be 0 to 65535". */
typedef void (*config_report)(void *arg, const char *text);

typedef struct config_fault {
    uint32_t line;
    uint32_t order; /* sorts the faults of one line */
    char *text;
} config_fault;

typedef struct config_faults {
    const char *path;
    config_fault *list;
    size_t count; /* in the list */
    size_t capacity;
    size_t found;   /* all */
    bool no_memory; /* something could not be checked or kept: out of memory */
} config_faults;

/* Adds one sentence about `line`, or about the whole file if it is 0. */
void fault_add(config_faults *faults, uint32_t line, const char *format, ...) PRINTF_LIKE(3, 4);

/* Calls `report` for each fault, sorted by line. */
void fault_report(config_faults *faults, config_report report, void *arg);

void fault_free(config_faults *faults);

#endif

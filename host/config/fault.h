/* config_fault.h: everything that is wrong with one ini file, kept until it can be told in the order of the
 * lines. One thread.
 */
#ifndef PORTICO_CONFIG_FAULT_H
#define PORTICO_CONFIG_FAULT_H

#include "os/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FAULT_TEXT_MAX = 600, /* bytes of one message, its zero included; longer ones are cut */
    FAULT_KEEP_MAX = 1000 /* a file with more faults is no ini file: the others are only counted */
};

/* Is called once for each thing that is wrong, in the order of the lines; `text` is one line without
 * an end such as "conf/portico.ini:12: [listener game] port = 99999: allowed is 0 to 65535". */
typedef void (*config_report)(void *arg, const char *text);

typedef struct config_fault {
    uint32_t line;
    uint32_t order; /* of two faults on one line, which was found first */
    char *text;
} config_fault;

typedef struct config_faults {
    const char *path;
    config_fault *list;
    size_t count; /* in the list */
    size_t capacity;
    size_t found;   /* all */
    bool no_memory; /* something could not be checked or kept for want of memory */
} config_faults;

/* Adds one sentence about `line`; line 0 is about the whole file. */
void fault_add(config_faults *faults, uint32_t line, const char *format, ...) PRINTF_LIKE(3, 4);

/* Calls `report` for each, sorted. */
void fault_report(config_faults *faults, config_report report, void *arg);

void fault_free(config_faults *faults);

#endif

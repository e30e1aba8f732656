/* top_options.h: the options of `ctl top`. ctl needs all of them; the host needs the interval, to
 * know how long to measure. Pure, any thread.
 */
#ifndef PORTICO_TOP_OPTIONS_H
#define PORTICO_TOP_OPTIONS_H

#include "admin/command.h"

#include <stdbool.h>
#include <stdint.h>

enum { TOP_INTERVAL_MIN_MS = 100, TOP_INTERVAL_MAX_MS = 60000 };

typedef struct top_options {
    uint32_t interval_ms; /* 1000 by default */
    uint32_t count;       /* of blocks to show; 0: without end */
} top_options;

/* Reads "[--interval SECONDS] [--count N]". False: `why` says what is wrong. */
bool top_options_parse(const char *text, top_options *options, char why[COMMAND_WHY_MAX]);

#endif

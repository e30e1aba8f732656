/* top_options.h: what stands behind `ctl top`: read by ctl, which needs all of it, and by the host, which measures for that
 * interval. Pure, any thread.
 */
#ifndef PORTICO_TOP_OPTIONS_H
#define PORTICO_TOP_OPTIONS_H

#include "admin/command.h"

#include <stdbool.h>
#include <stdint.h>

enum { TOP_INTERVAL_MIN_MS = 100, TOP_INTERVAL_MAX_MS = 60000 };

typedef struct top_options {
    uint32_t interval_ms; /* 1000 unless it is named */
    uint32_t count;       /* how often to show; 0: for ever */
} top_options;

/* Reads "[--interval SECONDS] [--count N]". False: `why` says what is wrong. */
bool top_options_parse(const char *text, top_options *options, char why[COMMAND_WHY_MAX]);

#endif

/* trace_options.h: what `trace` is to record. ctl and the host read it alike. Pure, any thread. */
#ifndef PORTICO_TRACE_OPTIONS_H
#define PORTICO_TRACE_OPTIONS_H

#include "admin/command.h"
#include "trace/trace.h"

enum {
    TRACE_COUNT = 1000, /* without `count` */
    TRACE_COUNT_MAX = 1000000,
    TRACE_SECONDS = 60, /* without `seconds` */
    TRACE_SECONDS_MAX = 3600
};

/* Reads "session ID|room ID|type NAME [count N] [seconds S] [payload]". False: `why` says what is
 * wrong. Whether there is such a session, room or type is not known here. */
bool trace_options_parse(const char *text, trace_spec *spec, char why[COMMAND_WHY_MAX]);

#endif

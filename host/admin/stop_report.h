/* stop_report.h: the lines of the answer to `ctl stop`. [admin thread] */
#ifndef PORTICO_STOP_REPORT_H
#define PORTICO_STOP_REPORT_H

#include "admin/lines.h"

#include <stdint.h>

/* Adds until when the process will have ended, and the calls that may keep it until then. */
void report_stop(lines *to);

/* Adds how many sessions are left, and what the stop waits for. */
void report_stop_sessions(lines *to, uint64_t sessions);

/* The same at the cut, when the sessions that are left are closed hard. */
void report_stop_cut(lines *to, uint64_t sessions);

/* Ends the answer with the exit code of the host and, if it is stuck, the calls that keep it.
 * ctl.c reads the code out of "with exit code N". */
void report_stop_end(lines *to, int exit_code);

#endif

/* status_report.h: the answers to `ctl status`, `top`, `sessions`, `modules` and `faults`. Any
 * thread. */
#ifndef PORTICO_STATUS_REPORT_H
#define PORTICO_STATUS_REPORT_H

#include "admin/lines.h"
#include "config/config.h"

/* Takes the host's configuration. Called once, before the others. */
void report_start(const config *c);

void report_status(lines *to);

/* Where the memory is. `trim`: after the C library has given back what it keeps unused. */
void report_memory(lines *to, bool trim);

/* Reports totals; the client takes the difference of two answers (top_sample.h). */
void report_top(lines *to);
void report_sessions(lines *to);
void report_modules(lines *to);

/* The last faults, at most `most`. */
void report_faults(lines *to, uint32_t most);

#endif

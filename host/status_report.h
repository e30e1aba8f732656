/* status_report.h: what `ctl status`, `ctl sessions` and `ctl modules` say. Any thread. */
#ifndef PORTICO_STATUS_REPORT_H
#define PORTICO_STATUS_REPORT_H

#include "config.h"
#include "lines.h"

/* `c` is what the host runs with; called once, before the others. */
void report_start(const config *c);

void report_status(lines *to);
void report_sessions(lines *to);
void report_modules(lines *to);

#endif

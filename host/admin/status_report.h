/* status_report.h: what `ctl status`, `top`, `sessions` and `modules` are answered. Any thread. */
#ifndef PORTICO_STATUS_REPORT_H
#define PORTICO_STATUS_REPORT_H

#include "admin/lines.h"
#include "config/config.h"

/* `c` is what the host runs with; called once, before the others. */
void report_start(const config *c);

void report_status(lines *to);

/* Totals, for who takes the difference of two answers: see top_sample.h. */
void report_top(lines *to);
void report_sessions(lines *to);
void report_modules(lines *to);

#endif

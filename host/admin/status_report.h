/* status_report.h: the answers to `ctl status`, `top` and `faults` as text; status_json.h has them as
 * JSON. Any thread. */
#ifndef PORTICO_STATUS_REPORT_H
#define PORTICO_STATUS_REPORT_H

#include "admin/lines.h"
#include "base/stats.h"
#include "net/listener.h"

/* The host begins. Called once, before the others. */
void report_start(void);

void report_status(lines *to);

/* Where the memory is. `trim`: after the C library has given back what it keeps unused. */
void report_memory(lines *to, bool trim);

/* Reports totals; the client takes the difference of two answers (top_sample.h). */
void report_top(lines *to);

/* Add the figures that have no more to them than a name and a number, as text or JSON: those of
 * `status` before the counters, those after them, and those of `top`. */
void report_first_figures(lines *to);
void report_figures(lines *to);
void report_top_figures(lines *to);

const char *report_listener_state(listener_state state);

/* The last faults, at most `most`. */
void report_faults(lines *to, uint32_t most);

#endif

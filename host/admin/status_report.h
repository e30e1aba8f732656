/* status_report.h: the answers to `ctl status`, `memory` and `faults` as text; status_json.h has
 * them as JSON. Any thread, but for report_status: admin thread. */
#ifndef PORTICO_STATUS_REPORT_H
#define PORTICO_STATUS_REPORT_H

#include "admin/lines.h"
#include "base/stats.h"
#include "net/listener.h"

void report_status(lines *to);

/* Where the memory is. `trim`: after the C library has given back what it keeps unused. */
void report_memory(lines *to, bool trim);

/* Add the figures of `status` that have no more to them than a name and a number, as text or JSON:
 * those before the counters, and those after them. */
void report_first_figures(lines *to);
void report_figures(lines *to);

const char *report_listener_state(listener_state state);

/* The last faults, at most `most`. */
void report_faults(lines *to, uint32_t most);

#endif

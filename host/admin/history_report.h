/* history_report.h: the answers to `ctl swaps`, `log` and `fault FILE`: what has happened. As text
 * or JSON, as the answer wants; each ends it. */
#ifndef PORTICO_HISTORY_REPORT_H
#define PORTICO_HISTORY_REPORT_H

#include "admin/lines.h"

/* The last swaps with their steps, the latest first; `argument` is "[N]". [any thread] */
void report_swaps(lines *to, const char *argument);

/* The last lines of the log, the latest last; `argument` is "[N] [LEVEL] [SUBSYSTEM]". [any
 * thread] */
void report_log(lines *to, const char *argument);

/* The text of a report in run_dir/faults; `name` is that of the file. [control thread: it reads] */
void report_fault(lines *to, const char *name);

#endif

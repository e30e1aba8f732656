/* stop_report.h: the answer to `ctl stop`. [any thread] */
#ifndef PORTICO_STOP_REPORT_H
#define PORTICO_STOP_REPORT_H

#include "admin/lines.h"

/* Adds until when the process will have ended, and the calls that may keep it until then. */
void report_stop(lines *to);

#endif

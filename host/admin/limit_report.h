/* limit_report.h: the answer to `ctl limits`: which limits were hit, where, how often, and when
 * last. Ends the answer. Any thread. */
#ifndef PORTICO_LIMIT_REPORT_H
#define PORTICO_LIMIT_REPORT_H

#include "admin/lines.h"

void report_limits(lines *to);

#endif

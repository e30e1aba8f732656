/* top_report.h: the answer to `ctl top`, as text, which ctl reads (top_sample.h), or as JSON:
 * totals, of which the reader takes the difference of two answers. Any thread. */
#ifndef PORTICO_TOP_REPORT_H
#define PORTICO_TOP_REPORT_H

#include "admin/lines.h"

void report_top(lines *to);

#endif

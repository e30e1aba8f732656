/* module_report.h: the answer to `ctl modules`, as text or JSON. Any thread. */
#ifndef PORTICO_MODULE_REPORT_H
#define PORTICO_MODULE_REPORT_H

#include "admin/lines.h"

void report_modules(lines *to);

#endif

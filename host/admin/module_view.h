/* module_view.h: the answer to `ctl module NAME`: its generations, what the one that serves
 * declares, its settings with their values, its faults. Ends the answer. Any thread. */
#ifndef PORTICO_MODULE_VIEW_H
#define PORTICO_MODULE_VIEW_H

#include "admin/lines.h"

void report_module(lines *to, const char *name);

#endif

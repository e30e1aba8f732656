/* module_view.h: a module for `ctl module NAME`: its generations, what the one that serves
 * declares, its settings with their values, its faults. Its own state is added by state_view.h. Any
 * thread. */
#ifndef PORTICO_MODULE_VIEW_H
#define PORTICO_MODULE_VIEW_H

#include "admin/lines.h"

/* How to ask for a module's own state, and why there may be none. */
typedef struct module_self {
    uint64_t id;          /* of its mailbox */
    uint32_t state_bytes; /* 0: it keeps no state of its own */
    bool exchanged;       /* its gate is closed: its code is being exchanged */
    bool serves;
} module_self;

/* False: no module of that name is loaded. */
bool module_look(const char *name, module_self *self);

/* Adds the module to the answer. PORTICO_E_NOT_FOUND: it is not loaded; PORTICO_E_NO_MEMORY. */
portico_status report_module(lines *to, const char *name);

#endif

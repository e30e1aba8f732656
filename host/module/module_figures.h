/* module_figures.h: what the metrics show of each module, readable without a lock: handlers wait
 * for that of the table of modules. There is one entry for each name that a module has had, and
 * none is removed before the end. An entry's number is odd while it is written, and readers try
 * again.
 */
#ifndef PORTICO_MODULE_FIGURES_H
#define PORTICO_MODULE_FIGURES_H

#include "module/module.h"

enum { MODULE_VERSION_SHOWN = 64 };

typedef struct module_figures {
    char name[TEXT_IDENTIFIER_MAX];
    char version[MODULE_VERSION_SHOWN];
    uint32_t generation;
    uint32_t swaps[MODULE_SWAP_RESULTS];
    uint32_t loaded; /* 0: it is about to be removed */
    uint64_t pause_ns;
} module_figures;

/* Writes the figures of the module of that name. If there is no memory, it is not shown. [the
 * table's lock] */
void module_figures_write(const module_figures *f);

/* Calls `each` for every loaded module. Takes no lock. [any thread] */
void module_figures_each(void (*each)(void *arg, const module_figures *f), void *arg);

/* There are no modules and no readers any more. */
void module_figures_fini(void);

#endif

/* module_list.h: lists of all modules. [control thread] */
#ifndef PORTICO_MODULE_LIST_H
#define PORTICO_MODULE_LIST_H

#include "module/module.h"

typedef struct module_list {
    module **all;
    size_t count;
    size_t capacity;
} module_list;

/* All modules in the order of loading, each after those that it requires. The caller frees `all`,
 * which is NULL when out of memory. */
module_list modules_list(void);

/* Makes room for one more module in the list that needs no memory when the host stops. */
portico_status modules_list_reserve(void);

/* The same list without allocating it; valid until the next call. */
module_list *modules_list_reserved(void);
void modules_list_fini(void);

#endif

/* module_list.c: see module_list.h. */
#include "loader/module_list.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

static module_list reserved; /* room for every module */

static void count_module(void *arg, module *m) {
    (void)m;
    ++*(size_t *)arg;
}

portico_status modules_list_reserve(void) {
    size_t count = 1;
    module_table_each(count_module, &count);
    if (count > reserved.capacity) {
        module **all = realloc(reserved.all, count * sizeof(module *));
        if (all == NULL) {
            return PORTICO_E_NO_MEMORY;
        }
        reserved.all = all;
        reserved.capacity = count;
    }
    return PORTICO_OK;
}

static void list_module(void *arg, module *m) {
    module_list *list = arg;
    if (list->count < list->capacity) {
        list->all[list->count] = m;
    }
    list->count++;
}

/* Puts each module after those that it requires: since a swap it may require one that was loaded
 * later. */
static void list_sort(module_list *list) {
    for (size_t i = 0; i < list->count;) {
        size_t later = i + 1;
        while (later < list->count && !module_requires(list->all[i], list->all[later]->name)) {
            later++;
        }
        if (later == list->count) {
            i++;
            continue;
        }
        module *m = list->all[later];
        memmove(&list->all[i + 1], &list->all[i], (later - i) * sizeof(module *));
        list->all[i] = m;
    }
}

module_list modules_list(void) {
    module_list list = {0};
    module_table_each(list_module, &list);
    list.capacity = list.count;
    list.count = 0;
    list.all = calloc(list.capacity + 1, sizeof(module *));
    if (list.all != NULL) {
        module_table_each(list_module, &list);
        list_sort(&list);
    } else {
        log_error("modules", "out of memory for a list of %zu modules", list.capacity);
    }
    return list;
}

module_list *modules_list_reserved(void) {
    reserved.count = 0;
    module_table_each(list_module, &reserved);
    list_sort(&reserved);
    return &reserved;
}

void modules_list_fini(void) {
    free(reserved.all);
    reserved = (module_list){0};
}

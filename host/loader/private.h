/* loader_private.h: what loader.c, load_all.c and swap.c share. [control thread] */
#ifndef PORTICO_LOADER_PRIVATE_H
#define PORTICO_LOADER_PRIVATE_H

#include "loader/loader.h"

const config *loader_config(void);

/* The first module that `g` requires and that is not loaded; NULL: none is missing. */
const char *loader_missing(const generation *g);

/* Makes a module of an opened image: lets it register, publishes it, lets it start. Takes `g` over in any case;
 * NULL: `why` says why not, when the status alone does not. */
module *loader_begin(generation *g, portico_status *status, char why[IMAGE_WHY_MAX]);

/* What the module serves with has changed: those who look at its file are told. */
void loader_serves(const module *m);

typedef struct module_list {
    module **all;
    size_t count;
    size_t capacity;
} module_list;

/* All modules, in the order of loading, each after those that it requires; the caller frees `all`, which is NULL when out of
 * memory. */
module_list modules_list(void);

/* Says in the log that the module is loaded; or why not, with the status's sentence where `why` is empty, and
 * returns the status. */
void loader_tell(const module *m);
portico_status loader_refuse(char why[IMAGE_WHY_MAX], portico_status status, const char *name);

#endif

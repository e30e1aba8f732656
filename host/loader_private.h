/* loader_private.h: what loader.c and load_all.c share. [control thread] */
#ifndef PORTICO_LOADER_PRIVATE_H
#define PORTICO_LOADER_PRIVATE_H

#include "loader.h"

const config *loader_config(void);

/* The first module that `m` requires and that is not loaded; NULL: none is missing. */
const char *loader_missing(const module *m);

/* Lets an opened module register and publishes it. On failure the caller closes it, unless it is stuck. */
portico_status loader_begin(module *m, char why[IMAGE_WHY_MAX]);

/* The file of the module called `name`: its section's, else the one of that name in the folder. */
void loader_file_of(const char *name, char *path, size_t size);

/* Says in the log that the module is loaded; or why not, with the status's sentence where `why` is empty, and
 * returns the status. */
void loader_tell(const module *m);
portico_status loader_refuse(char why[IMAGE_WHY_MAX], portico_status status, const char *name);

#endif

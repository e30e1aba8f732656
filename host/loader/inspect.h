/* inspect.h: `portico inspect`, which describes a module file. [main(), without a host] */
#ifndef PORTICO_INSPECT_H
#define PORTICO_INSPECT_H

#include "module/image.h"

#include <stdio.h>

/* Loads `file` in place, runs its `load` and `unload`, and writes what it registers to `to`.
 * Nothing is published. `why` explains any status but PORTICO_OK. */
portico_status inspect_module(const char *file, FILE *to, char why[IMAGE_WHY_MAX]);

#endif

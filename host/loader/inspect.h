/* inspect.h: `portico inspect`: what a module file is. [the thread of main(), without a host] */
#ifndef PORTICO_INSPECT_H
#define PORTICO_INSPECT_H

#include "module/image.h"

#include <stdio.h>

/* Loads `file` in place, without publishing anything, and writes what it has registered to `to`; its `load` and
 * `unload` run. `why` explains any status but PORTICO_OK. */
portico_status inspect_module(const char *file, FILE *to, char why[IMAGE_WHY_MAX]);

#endif

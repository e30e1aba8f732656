/* inspect.h: `portico inspect`, which describes a module file. [main(), without a host] */
#ifndef PORTICO_INSPECT_H
#define PORTICO_INSPECT_H

#include "module/image.h"

#include <stdio.h>

/* Loads `file` in place, which runs its constructors and nothing else, and writes what it declares
 * to `to`, as text for people or as JSON. `why` explains any status but PORTICO_OK. */
portico_status inspect_module(const char *file, bool as_json, FILE *to, char why[IMAGE_WHY_MAX]);

#endif

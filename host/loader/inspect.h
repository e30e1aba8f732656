/* inspect.h: `portico inspect`, which describes a module file. [main(), without a host] */
#ifndef PORTICO_INSPECT_H
#define PORTICO_INSPECT_H

#include "module/image.h"

#include <stdio.h>

/* The form in which a module is described. */
typedef enum inspect_form {
    INSPECT_TEXT, /* for people */
    INSPECT_JSON,
    INSPECT_CLIENT /* its packets as code */
} inspect_form;

/* Loads `file` in place, which runs its constructors and nothing else, and writes what it declares
 * to `to`. `language`: one that client_code_knows, for INSPECT_CLIENT. `why` explains any status
 * but PORTICO_OK. */
portico_status inspect_module(const char *file, inspect_form form, const char *language, FILE *to,
                              char why[IMAGE_WHY_MAX]);

#endif

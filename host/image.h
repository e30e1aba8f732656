/* image.h: a module's library, from the file to its description: copied, loaded, checked.
 *
 * A module is loaded from a private copy (image_copy.h); without image_copies_start, in place: `portico inspect`
 * leaves nothing behind.
 * [control thread]
 */
#ifndef PORTICO_IMAGE_H
#define PORTICO_IMAGE_H

#include "module.h"

/* Copies and loads `file`, asks it for its description and checks that. On PORTICO_OK *result is a module that
 * nothing has been called in but portico_module(). Otherwise `why` says what was found and what is needed:
 * PORTICO_E_NOT_FOUND, ..._E_NOT_A_MODULE, ..._E_DEPENDENCY (a library), ..._E_ABI, ..._E_INVALID, ... */
portico_status image_open(const char *file, module **result, char why[IMAGE_WHY_MAX]);

/* A module that is part of the host. NULL when out of memory. */
module *image_builtin(const portico_module_info *info);

/* Unloads the library, deletes the copy and frees the module. */
void image_close(module *m);

#endif

/* image.h: a module's library, from the file to its description: copied, loaded, checked.
 *
 * A module is always loaded from a private copy under a name of its own, so that the build can overwrite its
 * output while it is loaded, and so that a loader that knows libraries by path never hands out an old one.
 * [control thread]
 */
#ifndef PORTICO_IMAGE_H
#define PORTICO_IMAGE_H

#include "module.h"

enum { IMAGE_WHY_MAX = 512 };

/* Makes the folder for private copies and removes what an earlier host has left there. Before that, and
 * without it, files are loaded in place: `portico inspect` leaves nothing behind. */
portico_status images_start(const char *run_dir);

/* Copies and loads `file`, asks it for its description and checks that. On PORTICO_OK *result is a module that
 * nothing has been called in but portico_module(). Otherwise `why` says what was found and what is needed:
 * PORTICO_E_NOT_FOUND, ..._E_NOT_A_MODULE, ..._E_DEPENDENCY (a library), ..._E_ABI, ..._E_INVALID, ... */
portico_status image_open(const char *file, module **result, char why[IMAGE_WHY_MAX]);

/* A module that is part of the host. NULL when out of memory. */
module *image_builtin(const portico_module_info *info);

/* Unloads the library, deletes the copy and frees the module. */
void image_close(module *m);

#endif

/* image.h: from a file to a generation: copied, loaded, asked for its description, checked. [control thread] */
#ifndef PORTICO_IMAGE_H
#define PORTICO_IMAGE_H

#include "module/generation.h"

/* Copies and loads `file`, asks it for its description and checks that; without copy_folder_start it is loaded in place:
 * `portico inspect` leaves nothing behind. On PORTICO_OK *result is a generation in which nothing has been called but
 * portico_module(). Otherwise `why` says what was found and what is needed:
 * PORTICO_E_NOT_FOUND, ..._E_NOT_A_MODULE, ..._E_DEPENDENCY (a library), ..._E_ABI, ..._E_INVALID, ... */
portico_status image_open(const char *file, generation **result, char why[IMAGE_WHY_MAX]);

/* A generation of a module that is part of the host. NULL when out of memory. */
generation *image_builtin(const portico_module_info *info);

#endif

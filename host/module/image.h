/* image.h: makes a generation of a library file: copies it, loads it, and checks its description.
 * [control thread] */
#ifndef PORTICO_IMAGE_H
#define PORTICO_IMAGE_H

#include "module/generation.h"

/* Copies `file`, tries the copy (probe.h), loads it and checks its description. Without
 * copy_folder_start the file is loaded in place and untried, so that `portico inspect` leaves
 * nothing behind. On PORTICO_OK *result is a generation of which only the library's own
 * constructors have run. Otherwise `why` says what was found and what is needed.
 * PORTICO_E_NOT_FOUND, PORTICO_E_NOT_A_MODULE, PORTICO_E_DEPENDENCY (a library), PORTICO_E_ABI,
 * PORTICO_E_INVALID, those of probe_file, ... */
portico_status image_open(const char *file, generation **result, char why[IMAGE_WHY_MAX]);

/* The two halves of image_open, for a child that tries an image: loads the library `path`, which
 * g->file names in `why`, see os_library_open for `tried`; then finds and checks its
 * description. */
portico_status image_load(generation *g, const char *path, bool tried, char why[IMAGE_WHY_MAX]);
portico_status image_read(generation *g, char why[IMAGE_WHY_MAX]);

/* Takes over what a library declares, or a copy of it: see describe.h. */
portico_status image_describe(generation *g, const portico_entry *entry, char why[IMAGE_WHY_MAX]);

#endif

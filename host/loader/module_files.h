/* module_files.h: which library files the configuration means. [control thread, and main() of
 * `check`] */
#ifndef PORTICO_MODULE_FILES_H
#define PORTICO_MODULE_FILES_H

#include "config/config.h"

typedef struct module_files {
    char **names; /* of the libraries, without their suffix, sorted */
    size_t count;
} module_files;

/* Lists the libraries in [modules] dir. On failure the list may be short; free it in any case. */
portico_status module_files_list(const config *c, module_files *files);
void module_files_free(module_files *files);

bool module_files_have(const module_files *files, const char *name);

/* Writes the path of the module `name`: its section's file, else the library of that name in
 * [modules] dir. */
void module_file_path(const config *c, const char *name, char *path, size_t size);

#endif

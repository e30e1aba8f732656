/* module_files.c: see module_files.h. */
#include "loader/module_files.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct collection {
    module_files *files;
    bool no_memory;
} collection;

static void collect(void *arg, const char *name) {
    collection *all = arg;
    size_t size = strlen(name);
    size_t suffix = strlen(os_library_suffix);
    if (size <= suffix || strcmp(name + size - suffix, os_library_suffix) != 0) {
        return;
    }
    char **names = realloc(all->files->names, (all->files->count + 1) * sizeof(char *));
    if (names == NULL) {
        all->no_memory = true;
        return;
    }
    all->files->names = names;
    char *stem = text_copy(name, size - suffix);
    if (stem == NULL) {
        all->no_memory = true;
        return;
    }
    names[all->files->count++] = stem;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

portico_status module_files_list(const config *c, module_files *files) {
    *files = (module_files){0};
    collection all = {.files = files};
    portico_status status = os_folder_list(c->modules_dir, collect, &all);
    if (files->count > 0) {
        qsort(files->names, files->count, sizeof(char *), by_name);
    }
    return all.no_memory ? PORTICO_E_NO_MEMORY : status;
}

void module_files_free(module_files *files) {
    for (size_t i = 0; i < files->count; i++) {
        free(files->names[i]);
    }
    free(files->names);
    *files = (module_files){0};
}

bool module_files_have(const module_files *files, const char *name) {
    for (size_t i = 0; i < files->count; i++) {
        if (strcmp(files->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

void module_file_path(const config *c, const char *name, char *path, size_t size) {
    const config_module *section = config_find_module(c, name);
    if (section != NULL && section->file != NULL) {
        snprintf(path, size, "%s", section->file);
    } else {
        snprintf(path, size, "%s/%s%s", c->modules_dir, name, os_library_suffix);
    }
}

/* load_all.c: loads what the configuration names, each module after those that it requires. [control thread] */
#include "loader/private.h"

#include "base/system_text.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Modules that are open and wait for what they require. */
typedef struct batch {
    generation **all;
    size_t count;
} batch;

static void batch_open(batch *b, const char *file) {
    char why[IMAGE_WHY_MAX];
    generation *g = NULL;
    portico_status status = image_open(file, &g, why);
    generation **all =
        status == PORTICO_OK ? realloc(b->all, (b->count + 1) * sizeof(generation *)) : NULL;
    if (all == NULL) {
        loader_refuse(why, status != PORTICO_OK ? status : PORTICO_E_NO_MEMORY, file);
        if (g != NULL) {
            generation_free(g);
        }
        return;
    }
    b->all = all;
    b->all[b->count++] = g;
}

typedef struct file_list {
    char **names;
    size_t count;
} file_list;

/* Keeps the name of a library of the folder that no section names otherwise. */
static void collect(void *arg, const char *name) {
    file_list *list = arg;
    size_t size = strlen(name);
    size_t suffix = strlen(os_library_suffix);
    if (size <= suffix || strcmp(name + size - suffix, os_library_suffix) != 0) {
        return;
    }
    char *stem = text_copy(name, size - suffix);
    char **names = stem != NULL ? realloc(list->names, (list->count + 1) * sizeof(char *)) : NULL;
    if (names == NULL) {
        free(stem);
        log_error("modules", "%s is not loaded: out of memory", name);
        return;
    }
    list->names = names;
    if (config_find_module(loader_config(), stem) != NULL) {
        free(stem); /* batch_open_sections takes it */
    } else {
        list->names[list->count++] = stem;
    }
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void batch_open_folder(batch *b) {
    file_list list = {0};
    char file[4096];
    if (os_folder_list(loader_config()->modules_dir, collect, &list) != PORTICO_OK) {
        log_warn("modules", "the folder %s cannot be read (%s): [modules] dir",
                 loader_config()->modules_dir, system_text(os_error()));
    }
    if (list.count > 0) {
        qsort(list.names, list.count, sizeof(char *), by_name);
    }
    for (size_t i = 0; i < list.count; i++) {
        loader_file_of(list.names[i], file, sizeof file);
        batch_open(b, file);
        free(list.names[i]);
    }
    free(list.names);
}

static void batch_open_sections(batch *b) {
    char file[4096];
    for (size_t i = 0; i < loader_config()->module_count; i++) {
        if (loader_config()->modules[i].load) {
            loader_file_of(loader_config()->modules[i].name, file, sizeof file);
            batch_open(b, file);
        }
    }
}

/* Starts one module that has all it requires. False when there is none. */
static bool batch_start_one(batch *b) {
    for (size_t i = 0; i < b->count; i++) {
        generation *g = b->all[i];
        if (loader_missing(g) != NULL) {
            continue;
        }
        char why[IMAGE_WHY_MAX] = "";
        char file[4096];
        portico_status status = PORTICO_OK;
        snprintf(file, sizeof file, "%s", g->file); /* loader_begin takes g over */
        memmove(&b->all[i], &b->all[i + 1], (--b->count - i) * sizeof(generation *));
        const module *m = loader_begin(g, &status, why);
        if (m != NULL) {
            loader_tell(m);
        } else {
            loader_refuse(why, status, file);
        }
        return true;
    }
    return false;
}

void loader_load_all(void) {
    batch b = {0};
    if (loader_config()->modules_autoload) {
        batch_open_folder(&b);
    }
    batch_open_sections(&b);
    while (batch_start_one(&b)) {
    }
    for (size_t i = 0; i < b.count; i++) {
        char why[IMAGE_WHY_MAX];
        snprintf(why, sizeof why, "it requires the module %s, which is not loaded",
                 loader_missing(b.all[i]));
        loader_refuse(why, PORTICO_E_DEPENDENCY, b.all[i]->file);
        generation_free(b.all[i]);
    }
    free(b.all);
}

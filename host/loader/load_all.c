/* load_all.c: loads the modules that the configuration names, each after those that it requires.
 * [control thread] */
#include "loader/private.h"

#include "base/status.h"
#include "base/system_text.h"
#include "loader/module_files.h"
#include "run/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Images that are open and wait for the modules that they require. */
typedef struct batch {
    generation **all;
    size_t count;
} batch;

static void batch_open(batch *b, const char *file) {
    char why[IMAGE_WHY_MAX];
    generation *g = NULL;
    portico_status status = image_open(file, &g, why);
    if (status != PORTICO_OK) {
        loader_refuse(why, status, file);
        return;
    }
    generation **all = realloc(b->all, (b->count + 1) * sizeof(generation *));
    if (all == NULL) {
        generation_free(g);
        loader_refuse(why, PORTICO_E_NO_MEMORY, file);
        return;
    }
    b->all = all;
    b->all[b->count++] = g;
}

/* Libraries that have a section are left to batch_open_sections. */
static void batch_open_folder(batch *b) {
    const config *c = loader_config();
    module_files files;
    char path[4096];
    portico_status status = module_files_list(c, &files);
    if (status != PORTICO_OK) {
        log_warn("modules", "[modules] dir = %s cannot be read: %s (%s)", c->modules_dir,
                 status_text(status), system_text(os_error()));
    }
    for (size_t i = 0; i < files.count; i++) {
        if (!control_ending() && config_find_module(c, files.names[i]) == NULL) {
            module_file_path(c, files.names[i], path, sizeof path);
            batch_open(b, path);
        }
    }
    module_files_free(&files);
}

static void batch_open_sections(batch *b) {
    const config *c = loader_config();
    char path[4096];
    for (size_t i = 0; i < c->module_count; i++) {
        if (c->modules[i].load && !control_ending()) {
            module_file_path(c, c->modules[i].name, path, sizeof path);
            batch_open(b, path);
        }
    }
}

/* Starts one module of which all required modules are loaded. False: there is none. */
static bool batch_start_one(batch *b) {
    for (size_t i = 0; i < b->count; i++) {
        generation *g = b->all[i];
        if (loader_missing(g) != NULL) {
            continue;
        }
        char why[IMAGE_WHY_MAX] = "";
        char file[4096];
        portico_status status = PORTICO_OK;
        snprintf(file, sizeof file, "%s", g->file); /* loader_begin owns g from here on */
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
    while (!control_ending() && batch_start_one(&b)) {
    }
    for (size_t i = 0; i < b.count; i++) {
        char why[IMAGE_WHY_MAX];
        const char *missing = loader_missing(b.all[i]);
        if (missing == NULL) { /* the host is to stop */
            generation_free(b.all[i]);
            continue;
        }
        snprintf(why, sizeof why, "it requires the module %s, which is not loaded", missing);
        loader_refuse(why, PORTICO_E_DEPENDENCY, b.all[i]->file);
        generation_free(b.all[i]);
    }
    free(b.all);
}

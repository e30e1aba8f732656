/* image.c: see image.h. */
#include "module/image.h"

#include "base/text.h"
#include "module/copy_folder.h"
#include "module/describe.h"
#include "module/module.h"
#include "module/probe.h"
#include "module/tried_builds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `why` names the module's file, since the system names the copy. */
portico_status image_load(generation *g, const char *path, bool tried, char why[IMAGE_WHY_MAX]) {
    char cause[IMAGE_WHY_MAX];
    portico_status status = os_library_open(path, tried, &g->library, cause, sizeof cause);
    if (status != PORTICO_OK) {
        snprintf(why, IMAGE_WHY_MAX, "%.300s cannot be loaded: %.700s", g->file, cause);
        return status;
    }
    os_library_range(g->library, &g->image_begin, &g->image_end);
    return PORTICO_OK;
}

portico_status image_describe(generation *g, const portico_entry *entry, char why[IMAGE_WHY_MAX]) {
    if (entry->host == NULL) {
        snprintf(why, IMAGE_WHY_MAX,
                 "its %s has no place for the host's functions: host is NULL: use PORTICO_MODULE",
                 PORTICO_ENTRY_SYMBOL);
        return PORTICO_E_NOT_A_MODULE;
    }
    portico_status status = describe(g, entry, why);
    if (status != PORTICO_OK) {
        text_make_plain(why); /* it quotes names that are no such text */
    }
    return status;
}

portico_status image_read(generation *g, char why[IMAGE_WHY_MAX]) {
    const portico_entry *entry = os_library_symbol(g->library, PORTICO_ENTRY_SYMBOL);
    if (entry != NULL) {
        return image_describe(g, entry, why);
    }
    bool old = os_library_symbol(g->library, DESCRIBE_OLD_SYMBOL) != NULL;
    describe_no_entry(old, why, IMAGE_WHY_MAX);
    return old ? PORTICO_E_ABI : PORTICO_E_NOT_A_MODULE;
}

/* Opens the copy, which a child process tries first unless it is known. *tried: one has. */
static portico_status image_open_tried(generation *g, bool *tried, char why[IMAGE_WHY_MAX]) {
    portico_status status = PORTICO_OK;
    *tried = tried_builds_have(&g->copy);
    if (!*tried) {
        status = probe_file(g->copy.path, g->file, tried, why);
    }
    return status == PORTICO_OK ? image_load(g, g->copy.path, *tried, why) : status;
}

/* Copies the file, opens the copy and reads it. Another host that starts at this
 * moment with the same run_dir may delete the copy as a leftover, if it cannot tell that this host
 * is running: then the copy is made again. */
static portico_status image_open_copy(generation *g, char why[IMAGE_WHY_MAX]) {
    portico_status status = PORTICO_E_NOT_FOUND;
    bool tried = false;
    for (int tries = 0; tries < 3 && status == PORTICO_E_NOT_FOUND; tries++) {
        image_copy_remove(&g->copy);
        status = image_copy_make(g->file, &g->copy, why);
        if (status != PORTICO_OK) {
            break;
        }
        status = image_open_tried(g, &tried, why);
    }
    status = status == PORTICO_OK ? image_read(g, why) : status;
    if (status == PORTICO_OK && tried) {
        tried_builds_add(&g->copy, g->library);
    }
    return status;
}

static portico_status image_make(generation *g, char why[IMAGE_WHY_MAX]) {
    os_file_info file;
    if (os_file_look(g->file, &file) == PORTICO_OK) {
        g->built_ms = file.modified_ns / 1000000;
    }
    if (copy_folder_ready()) {
        return image_open_copy(g, why);
    }
    portico_status status = image_load(g, g->file, false, why);
    return status == PORTICO_OK ? image_read(g, why) : status;
}

portico_status image_open(const char *file, generation **result, char why[IMAGE_WHY_MAX]) {
    *result = NULL;
    why[0] = '\0';
    generation *g = calloc(1, sizeof *g);
    if (g == NULL || (g->file = text_copy(file, strlen(file))) == NULL) {
        free(g);
        return PORTICO_E_NO_MEMORY;
    }
    portico_status status = image_make(g, why);
    if (status != PORTICO_OK) {
        generation_free(g);
        return status;
    }
    *result = g;
    return PORTICO_OK;
}

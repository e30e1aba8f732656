/* image.c: see image.h. */
#include "module/image.h"

#include "base/text.h"
#include "module/abi_sizes.h"
#include "module/copy_folder.h"
#include "module/module.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATE_BYTES_MAX = 1024 * 1024 };

/* Checks what must hold before any other field may be read. */
static portico_status check_abi(const portico_module_info *info, char why[IMAGE_WHY_MAX]) {
    if (info == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "its %s() returned NULL", PORTICO_MODULE_SYMBOL);
        return PORTICO_E_NOT_A_MODULE;
    }
    if (info->abi_major != PORTICO_ABI_MAJOR || info->abi_minor > PORTICO_ABI_MINOR) {
        snprintf(why, IMAGE_WHY_MAX,
                 "it needs ABI %u.%u, this host has %u.%u: build it with this host's headers%s",
                 info->abi_major, info->abi_minor, PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR,
                 info->abi_major == PORTICO_ABI_MAJOR ? ", or use a newer host" : "");
        return PORTICO_E_ABI;
    }
    if (info->struct_size < PORTICO_MODULE_INFO_SIZE_0_1) {
        snprintf(why, IMAGE_WHY_MAX,
                 "its struct_size is %u, but ABI %u.%u has %zu bytes: set it to sizeof",
                 info->struct_size, info->abi_major, info->abi_minor,
                 (size_t)PORTICO_MODULE_INFO_SIZE_0_1);
        return PORTICO_E_ABI;
    }
    return PORTICO_OK;
}

static portico_status check_info(const portico_module_info *info, char why[IMAGE_WHY_MAX]) {
    if (!text_is_identifier(info->name)) {
        snprintf(
            why, IMAGE_WHY_MAX,
            "its name is %.60s: allowed are a-z, 0-9 and _, up to 31 bytes, starting with a letter",
            info->name != NULL ? info->name : "NULL");
    } else if (info->version == NULL || !text_is_plain(info->version, strlen(info->version))) {
        snprintf(why, IMAGE_WHY_MAX, "its version is %s: it must be one line of UTF-8",
                 info->version == NULL ? "NULL" : "not plain text");
    } else if (info->load == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "its load is NULL: it could not register anything");
    } else if (info->state_size > STATE_BYTES_MAX) {
        snprintf(why, IMAGE_WHY_MAX, "its state_size is %u: allowed are up to %d bytes",
                 info->state_size, STATE_BYTES_MAX);
    } else {
        return PORTICO_OK;
    }
    return PORTICO_E_INVALID;
}

/* Copies what the host keeps of the checked description. */
static portico_status generation_describe(generation *g, char why[IMAGE_WHY_MAX]) {
    static const char *const nothing[] = {NULL};
    const char *const *required = g->info.required != NULL ? g->info.required : nothing;
    size_t count = 0;
    while (required[count] != NULL) {
        count++;
    }
    snprintf(g->name, sizeof g->name, "%s", g->info.name);
    snprintf(g->version, sizeof g->version, "%s", g->info.version);
    g->required = calloc(count + 1, sizeof *g->required);
    g->registry = registry_create();
    if (g->required == NULL || g->registry == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        g->required[i] = text_copy(required[i], strlen(required[i]));
        if (g->required[i] == NULL) {
            return PORTICO_E_NO_MEMORY;
        }
    }
    char fault[256] = "";
    portico_status status = shape_init(&g->shape, g->info.state_size, g->info.state_version,
                                       g->info.state_fields, fault, sizeof fault);
    if (status != PORTICO_OK) {
        snprintf(why, IMAGE_WHY_MAX, "its state_fields: %s", fault);
        return status;
    }
    if (g->info.state_size > 0) {
        g->state = calloc(1, g->info.state_size);
    }
    return g->info.state_size > 0 && g->state == NULL ? PORTICO_E_NO_MEMORY : PORTICO_OK;
}

/* Copies the fields that the module's description has; the others stay zero. */
static portico_status generation_take_info(generation *g, const portico_module_info *info,
                                           char why[IMAGE_WHY_MAX]) {
    portico_status status = check_abi(info, why);
    if (status != PORTICO_OK) {
        return status;
    }
    memcpy(&g->info, info, info->struct_size < sizeof g->info ? info->struct_size : sizeof g->info);
    status = check_info(&g->info, why);
    return status == PORTICO_OK ? generation_describe(g, why) : status;
}

/* Opens the library. `why` names the module's file, since the system names the copy. */
static portico_status image_open_library(generation *g, const char *path, char why[IMAGE_WHY_MAX]) {
    char cause[IMAGE_WHY_MAX];
    portico_status status = os_library_open(path, &g->library, cause, sizeof cause);
    if (status != PORTICO_OK) {
        snprintf(why, IMAGE_WHY_MAX, "%.300s cannot be loaded: %.700s", g->file, cause);
    }
    return status;
}

/* Copies the file and opens the copy. Another host that starts at this moment with the same run_dir
 * may delete the copy as a leftover, if it cannot tell that this host is running: then the copy is
 * made again. */
static portico_status image_open_copy(generation *g, char why[IMAGE_WHY_MAX]) {
    portico_status status = PORTICO_E_NOT_FOUND;
    for (int tries = 0; tries < 3 && status == PORTICO_E_NOT_FOUND; tries++) {
        image_copy_remove(&g->copy);
        status = image_copy_make(g->file, &g->copy, why);
        if (status != PORTICO_OK) {
            break;
        }
        status = image_open_library(g, g->copy.path, why);
    }
    return status;
}

static portico_status image_load(generation *g, char why[IMAGE_WHY_MAX]) {
    os_file_info file;
    if (os_file_look(g->file, &file) == PORTICO_OK) {
        g->built_ms = file.modified_ns / 1000000;
    }
    portico_status status =
        copy_folder_ready() ? image_open_copy(g, why) : image_open_library(g, g->file, why);
    if (status != PORTICO_OK) {
        return status;
    }
    void *symbol = os_library_symbol(g->library, PORTICO_MODULE_SYMBOL);
    if (symbol == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "it exports no %s: use PORTICO_MODULE(info)",
                 PORTICO_MODULE_SYMBOL);
        return PORTICO_E_NOT_A_MODULE;
    }
    portico_module_function function = NULL;
    memcpy(&function, &symbol, sizeof function); /* ISO C has no cast from void * to a function */
    return generation_take_info(g, function(), why);
}

portico_status image_open(const char *file, generation **result, char why[IMAGE_WHY_MAX]) {
    *result = NULL;
    why[0] = '\0';
    generation *g = calloc(1, sizeof *g);
    if (g == NULL || (g->file = text_copy(file, strlen(file))) == NULL) {
        free(g);
        return PORTICO_E_NO_MEMORY;
    }
    portico_status status = image_load(g, why);
    if (status != PORTICO_OK) {
        generation_free(g);
        return status;
    }
    *result = g;
    return PORTICO_OK;
}

generation *image_builtin(const portico_module_info *info) {
    char why[IMAGE_WHY_MAX];
    generation *g = calloc(1, sizeof *g);
    if (g != NULL && generation_take_info(g, info, why) != PORTICO_OK) {
        generation_free(g);
        g = NULL;
    }
    return g;
}

/* image.c: see image.h. */
#include "image.h"

#include "abi_sizes.h"
#include "log.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STATE_BYTES_MAX = 1024 * 1024 };

/* What must hold before any other field may be read. */
static portico_status check_abi(const portico_module_info *info, char why[IMAGE_WHY_MAX]) {
    if (info == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "its %s() returned NULL", PORTICO_MODULE_SYMBOL);
        return PORTICO_E_NOT_A_MODULE;
    }
    if (info->abi_major != PORTICO_ABI_MAJOR || info->abi_minor > PORTICO_ABI_MINOR) {
        snprintf(why, IMAGE_WHY_MAX,
                 "it needs ABI %u.%u, this host has %u.%u: build it with this host's headers%s",
                 info->abi_major, info->abi_minor, PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR,
                 info->abi_major == PORTICO_ABI_MAJOR ? ", or take a newer host" : "");
        return PORTICO_E_ABI;
    }
    if (info->struct_size < PORTICO_MODULE_INFO_SIZE_0_1) {
        snprintf(why, IMAGE_WHY_MAX, "its struct_size is %u, allowed are %zu or more: set it to sizeof",
                 info->struct_size, PORTICO_MODULE_INFO_SIZE_0_1);
        return PORTICO_E_ABI;
    }
    return PORTICO_OK;
}

static portico_status check_info(const portico_module_info *info, char why[IMAGE_WHY_MAX]) {
    portico_status status = check_abi(info, why);
    if (status != PORTICO_OK) {
        return status;
    }
    if (!module_name_valid(info->name)) {
        snprintf(why, IMAGE_WHY_MAX,
                 "its name is %.60s: allowed are a-z, 0-9 and _, up to 31 bytes, beginning with a letter",
                 info->name != NULL ? info->name : "NULL");
    } else if (info->version == NULL || !text_is_plain(info->version, strlen(info->version))) {
        snprintf(why, IMAGE_WHY_MAX, "its version is %s: any one line of UTF-8 will do",
                 info->version == NULL ? "NULL" : "not plain text");
    } else if (info->load == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "its load is NULL: it could register nothing");
    } else if (info->state_size > STATE_BYTES_MAX) {
        snprintf(why, IMAGE_WHY_MAX, "its state_size is %u: allowed are up to %d bytes", info->state_size,
                 STATE_BYTES_MAX);
    } else {
        return PORTICO_OK;
    }
    return PORTICO_E_INVALID;
}

/* Copies what the host keeps of the description. */
static bool module_describe(module *m, const portico_module_info *info) {
    static const char *const nothing[] = {NULL};
    const char *const *required = info->required != NULL ? info->required : nothing;
    size_t count = 0;
    while (required[count] != NULL) {
        count++;
    }
    m->info = info;
    snprintf(m->name, sizeof m->name, "%s", info->name);
    snprintf(m->version, sizeof m->version, "%s", info->version);
    m->generation = 1;
    m->loaded_ms = os_monotonic_ns() / 1000000;
    m->required = calloc(count + 1, sizeof *m->required);
    m->registry = registry_create();
    bool good = m->required != NULL && m->registry != NULL;
    for (size_t i = 0; good && i < count; i++) {
        m->required[i] = text_copy(required[i], strlen(required[i]));
        good = m->required[i] != NULL;
    }
    if (good && info->state_size > 0) {
        m->state = calloc(1, info->state_size);
        good = m->state != NULL;
    }
    return good;
}

/* Copies the file and opens the copy. Another host that starts at this moment with the same run_dir may take
 * the copy for a leftover, where it cannot tell that this one lives: then it is made again. */
static portico_status image_open_copy(module *m, char why[IMAGE_WHY_MAX]) {
    portico_status status = PORTICO_E_NOT_FOUND;
    for (int tries = 0; tries < 3 && status == PORTICO_E_NOT_FOUND; tries++) {
        image_copy_remove(&m->copy);
        status = image_copy_make(m->file, &m->copy, why);
        if (status != PORTICO_OK) {
            break;
        }
        status = os_library_open(m->copy.path, &m->library, why, IMAGE_WHY_MAX);
    }
    return status;
}

static portico_status image_load(module *m, char why[IMAGE_WHY_MAX]) {
    portico_status status = image_copies_ready() ? image_open_copy(m, why)
                                                 : os_library_open(m->file, &m->library, why, IMAGE_WHY_MAX);
    if (status != PORTICO_OK) {
        return status;
    }
    void *symbol = os_library_symbol(m->library, PORTICO_MODULE_SYMBOL);
    if (symbol == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "it exports no %s: use PORTICO_MODULE(info)", PORTICO_MODULE_SYMBOL);
        return PORTICO_E_NOT_A_MODULE;
    }
    portico_module_function function = NULL;
    memcpy(&function, &symbol, sizeof function); /* ISO C has no cast from void * to a function */
    const portico_module_info *info = function();
    status = check_info(info, why);
    if (status == PORTICO_OK && !module_describe(m, info)) {
        status = PORTICO_E_NO_MEMORY;
    }
    return status;
}

portico_status image_open(const char *file, module **result, char why[IMAGE_WHY_MAX]) {
    *result = NULL;
    why[0] = '\0';
    module *m = calloc(1, sizeof *m);
    if (m == NULL || (m->file = text_copy(file, strlen(file))) == NULL) {
        free(m);
        return PORTICO_E_NO_MEMORY;
    }
    portico_status status = image_load(m, why);
    if (status != PORTICO_OK) {
        image_close(m);
        return status;
    }
    *result = m;
    return PORTICO_OK;
}

module *image_builtin(const portico_module_info *info) {
    module *m = calloc(1, sizeof *m);
    if (m != NULL && !module_describe(m, info)) {
        image_close(m);
        m = NULL;
    }
    return m;
}

void image_close(module *m) {
    registry_free(m->registry);
    if (m->library != NULL && !os_library_close(m->library)) {
        log_warn("modules",
                 "%s stays in memory after its unload: it has thread-local destructors, unique symbols "
                 "(-fno-gnu-unique), or something else still uses it",
                 m->copy.path);
    }
    image_copy_remove(&m->copy);
    for (char **r = m->required; r != NULL && *r != NULL; r++) {
        free(*r);
    }
    free(m->required);
    free(m->state);
    free(m->file);
    free(m);
}

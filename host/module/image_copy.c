/* image_copy.c: see image_copy.h. */
#include "module/image_copy.h"

#include "base/hash.h"
#include "base/log.h"
#include "base/text.h"
#include "module/copy_folder.h"

#include <stdlib.h>
#include <string.h>

enum {
    PATH_BYTES = 4096,
    BLOCK_BYTES = 64 * 1024,
    MODULE_BYTES_MAX = 256 * 1024 * 1024,
    SYMBOLS_BYTES_MAX = 1024 * 1024 * 1024
};

/* ---- bytes ----------------------------------------------------------------------------------- */

/* Reads `from` to its end and hashes it, block by block; copies it to `to` unless that is NULL. */
static portico_status read_blocks(FILE *from, FILE *to, uint8_t *block, uint64_t limit,
                                  uint64_t *size, uint64_t *hash) {
    uint64_t total = 0;
    uint64_t sum = 14695981039346656037u;
    size_t count = 0;
    do {
        count = fread(block, 1, BLOCK_BYTES, from);
        total += count;
        if (total > limit) {
            return PORTICO_E_TOO_BIG;
        }
        if (count > 0) {
            sum = (sum ^ hash_bytes(block, count)) * 1099511628211u;
        }
        if (to != NULL && fwrite(block, 1, count, to) != count) {
            (void)os_file_error();
            return PORTICO_E_SYSTEM;
        }
    } while (count == BLOCK_BYTES);
    *size = total;
    *hash = sum;
    if (ferror(from)) {
        (void)os_file_error();
        return PORTICO_E_SYSTEM;
    }
    return PORTICO_OK;
}

static portico_status read_all(FILE *from, FILE *to, uint64_t limit, uint64_t *size,
                               uint64_t *hash) {
    uint8_t *block = malloc(BLOCK_BYTES);
    if (block == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    (void)setvbuf(from, NULL, _IONBF, 0); /* a block is one call of the system */
    if (to != NULL) {
        (void)setvbuf(to, NULL, _IONBF, 0);
    }
    portico_status status = read_blocks(from, to, block, limit, size, hash);
    free(block);
    return status;
}

portico_status image_hash(const char *file, uint64_t *size, uint64_t *hash) {
    FILE *from = os_fopen(file, "rb");
    if (from == NULL) {
        return PORTICO_E_NOT_FOUND;
    }
    portico_status status = read_all(from, NULL, MODULE_BYTES_MAX, size, hash);
    fclose(from);
    return status;
}

/* PORTICO_E_NOT_FOUND: `from` cannot be opened; PORTICO_E_ACCESS: `to` cannot be created. */
static portico_status copy_file(const char *from, const char *to, uint64_t limit, uint64_t *size,
                                uint64_t *hash) {
    FILE *source = os_fopen(from, "rb");
    if (source == NULL) {
        return PORTICO_E_NOT_FOUND;
    }
    FILE *target = os_fopen(to, "wbx");
    if (target == NULL) {
        fclose(source);
        return PORTICO_E_ACCESS;
    }
    portico_status status = read_all(source, target, limit, size, hash);
    if (status == PORTICO_OK && fflush(target) != 0) {
        (void)os_file_error();
        status = PORTICO_E_SYSTEM;
    }
    if (fclose(target) != 0 && status == PORTICO_OK) {
        (void)os_file_error();
        status = PORTICO_E_SYSTEM;
    }
    fclose(source);
    return status;
}

/* ---- debug symbols --------------------------------------------------------------------------- */

/* Copies the file `from` + `suffix` to the folder, if there is one. */
static void copy_symbols(const char *from, const char *suffix, const char *folder) {
    char file[PATH_BYTES];
    uint64_t size = 0;
    uint64_t hash = 0;
    int length = snprintf(file, sizeof file, "%s%s", from, suffix);
    char *to =
        length > 0 && (size_t)length < sizeof file ? path_join(folder, text_file_name(file)) : NULL;
    portico_status status =
        to != NULL ? copy_file(file, to, SYMBOLS_BYTES_MAX, &size, &hash) : PORTICO_E_NO_MEMORY;
    if (status == PORTICO_OK) {
        log_debug("modules", "debug symbols: %s, %llu bytes", file, (unsigned long long)size);
    } else if (status != PORTICO_E_NOT_FOUND) {
        log_debug("modules", "debug symbols: %s cannot be copied to %s (more than %d bytes?)", file,
                  folder, SYMBOLS_BYTES_MAX);
        if (to != NULL) {
            (void)os_file_remove(to);
        }
    }
    free(to);
}

/* Copies what debuggers look for beside a library.
 *
 * MSVC and lld: NAME.pdb, first in the library's folder, then at the path that the linker wrote
 * into the library (https://learn.microsoft.com/cpp/build/reference/pdbpath). A debugger that opens
 * it there keeps the next build from writing it; a library linked with /PDBALTPATH:%_PDB% names no
 * folder.
 *
 * gdb: the file that `objcopy --add-gnu-debuglink` named, by custom NAME.so.debug or NAME.debug, in
 * the library's folder; for -gsplit-dwarf NAME.so.dwp
 * (https://sourceware.org/gdb/current/onlinedocs/gdb.html/Separate-Debug-Files.html). */
static void copy_all_symbols(const char *file, const char *folder) {
    char stem[PATH_BYTES];
    copy_symbols(file, ".debug", folder);
    copy_symbols(file, ".dwp", folder);
    const char *dot = strrchr(text_file_name(file), '.');
    if (dot != NULL && (size_t)(dot - file) < sizeof stem) {
        memcpy(stem, file, (size_t)(dot - file));
        stem[dot - file] = '\0';
        copy_symbols(stem, ".debug", folder);
        copy_symbols(stem, ".pdb", folder);
    }
}

/* ---- copies ---------------------------------------------------------------------------------- */

static void explain(portico_status status, const char *file, const image_copy *copy,
                    char why[IMAGE_WHY_MAX]) {
    char cause[128];
    os_error_text(os_error(), cause, sizeof cause);
    switch (status) {
    case PORTICO_E_NO_MEMORY: break;
    case PORTICO_E_NOT_FOUND:
        snprintf(why, IMAGE_WHY_MAX, "%s cannot be read: %s", file, cause);
        break;
    case PORTICO_E_TOO_BIG:
        snprintf(why, IMAGE_WHY_MAX, "%s is larger than %d bytes", file, MODULE_BYTES_MAX);
        break;
    case PORTICO_E_STATE:
        snprintf(why, IMAGE_WHY_MAX,
                 "%s changed while it was read: try again when its build has ended", file);
        break;
    default:
        snprintf(why, IMAGE_WHY_MAX, "%s cannot be copied to %s: %s (system error %d)", file,
                 copy->path != NULL ? copy->path : "[host] run_dir", cause, os_error());
        break;
    }
}

bool image_file_same(const os_file_info *before, const os_file_info *now) {
    return before->size == now->size && before->modified_ns == now->modified_ns &&
           before->id == now->id;
}

/* Copies the library. If a linker writes it at this moment, the bytes read may be half of one build
 * and half of the next. */
static portico_status copy_library(const char *file, image_copy *copy) {
    os_file_info before = {0};
    os_file_info now = {0};
    (void)os_file_look(file, &before); /* a failure shows in copy_file */
    portico_status status = copy_file(file, copy->path, MODULE_BYTES_MAX, &copy->size, &copy->hash);
    if (status != PORTICO_OK) {
        return status;
    }
    bool same = os_file_look(file, &now) == PORTICO_OK && image_file_same(&before, &now);
    return same ? PORTICO_OK : PORTICO_E_STATE;
}

static portico_status copy_make(const char *file, image_copy *copy) {
    portico_status status = copy_folder_add(&copy->folder);
    if (status != PORTICO_OK) {
        return status;
    }
    copy->path = path_join(copy->folder, text_file_name(file));
    if (copy->path == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    return copy_library(file, copy);
}

portico_status image_copy_make(const char *file, image_copy *copy, char why[IMAGE_WHY_MAX]) {
    *copy = (image_copy){0};
    why[0] = '\0';
    portico_status status = copy_make(file, copy);
    if (status != PORTICO_OK) {
        explain(status, file, copy, why);
        image_copy_remove(copy);
        return status;
    }
    copy_all_symbols(file, copy->folder);
    return PORTICO_OK;
}

void image_copy_remove(image_copy *copy) {
    if (copy->folder != NULL) {
        copy_folder_remove(copy->folder);
    }
    free(copy->path);
    *copy = (image_copy){0};
}

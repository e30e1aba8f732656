/* image_copy.c: see image_copy.h.
 *
 * Which copies are whose: while a host has copies, it has the file run_dir/copies/PID.live open for writing. A later
 * host with the same run_dir, or a second one beside it, takes the folders PID.N for leftovers unless that file is
 * being written. Where the system cannot tell (see os_file_is_written), they are removed, which does not disturb a running
 * host either: on Windows a loaded file cannot be deleted, on Linux it stays mapped without its name.
 */
#include "module/image_copy.h"

#include "base/log.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum {
    PATH_BYTES = 4096,
    MODULE_BYTES_MAX = 256 * 1024 * 1024,
    SYMBOLS_BYTES_MAX = 1024 * 1024 * 1024
};

static struct {
    char folder[PATH_BYTES];
    uint32_t number; /* of the last copy */
    uint32_t count;  /* copies there are */
    FILE *live;      /* open while there are any */
} copies;

/* ---- bytes ------------------------------------------------------------------------------------ */

/* Reads `from` to its end, and writes what was read to `to` unless that is NULL. */
static portico_status pass_bytes(FILE *from, FILE *to, uint64_t limit, uint64_t *size,
                                 uint64_t *hash) {
    uint8_t bytes[16 * 1024];
    uint64_t total = 0;
    uint64_t sum = 14695981039346656037u;
    size_t count = 0;
    while ((count = fread(bytes, 1, sizeof bytes, from)) > 0) {
        total += count;
        if (total > limit) {
            return PORTICO_E_TOO_BIG;
        }
        for (size_t i = 0; i < count; i++) {
            sum = (sum ^ bytes[i]) * 1099511628211u;
        }
        if (to != NULL && fwrite(bytes, 1, count, to) != count) {
            return PORTICO_E_SYSTEM;
        }
    }
    *size = total;
    *hash = sum;
    return ferror(from) ? PORTICO_E_SYSTEM : PORTICO_OK;
}

portico_status image_hash(const char *file, uint64_t *size, uint64_t *hash) {
    FILE *from = os_fopen(file, "rb");
    if (from == NULL) {
        return PORTICO_E_NOT_FOUND;
    }
    portico_status status = pass_bytes(from, NULL, MODULE_BYTES_MAX, size, hash);
    fclose(from);
    return status;
}

/* PORTICO_E_NOT_FOUND: `from` cannot be opened; PORTICO_E_ACCESS: `to` cannot be made. */
static portico_status copy_file(const char *from, const char *to, uint64_t limit, uint64_t *size,
                                uint64_t *hash) {
    FILE *source = os_fopen(from, "rb");
    if (source == NULL) {
        return PORTICO_E_NOT_FOUND;
    }
    FILE *target = os_fopen(to, "wbx");
    portico_status status =
        target != NULL ? pass_bytes(source, target, limit, size, hash) : PORTICO_E_ACCESS;
    if (target != NULL && fclose(target) != 0 && status == PORTICO_OK) {
        status = PORTICO_E_SYSTEM;
    }
    fclose(source);
    return status;
}

/* ---- folders of copies ------------------------------------------------------------------------ */

/* A path on the heap; NULL when out of memory or too long. */
static char *path_join(const char *folder, const char *name) {
    char path[PATH_BYTES + 512];
    int size = snprintf(path, sizeof path, "%s/%s", folder, name);
    return size > 0 && (size_t)size < sizeof path ? text_copy(path, (size_t)size) : NULL;
}

static const char *base_of(const char *file) {
    const char *base = file;
    for (const char *p = file; *p != '\0'; p++) {
        base = *p == '/' || *p == '\\' ? p + 1 : base;
    }
    return base;
}

static void remove_file(void *arg, const char *name) {
    char *path = path_join(arg, name);
    if (path != NULL) {
        (void)os_file_remove(path);
    }
    free(path);
}

/* The files first, then the folder, which goes only when all of them are gone. */
static void remove_folder(char *folder) {
    (void)os_folder_list(folder, remove_file, folder);
    (void)os_folder_remove(folder);
}

/* The digits at the start of `text`; NULL when there are none. */
static const char *after_number(const char *text) {
    size_t count = strspn(text, "0123456789");
    return count > 0 ? text + count : NULL;
}

/* Whether the host with this PID runs and has copies. */
static bool is_live(const char *pid, size_t pid_size) {
    char path[PATH_BYTES + 32];
    int size = snprintf(path, sizeof path, "%s/%.*s.live", copies.folder, (int)pid_size, pid);
    return size > 0 && (size_t)size < sizeof path && os_file_is_written(path);
}

/* Removes PID.N and PID.live of a host that has ended. Nothing with another name is touched. */
static void remove_leftover(void *arg, const char *name) {
    (void)arg;
    const char *end = after_number(name);
    if (end == NULL || *end != '.') {
        return;
    }
    const char *rest = after_number(end + 1);
    bool is_folder = rest != NULL && *rest == '\0';
    bool is_file = strcmp(end, ".live") == 0;
    char *path = is_folder || is_file ? path_join(copies.folder, name) : NULL;
    if (path != NULL && !is_live(name, (size_t)(end - name))) {
        if (is_folder) {
            remove_folder(path);
        } else {
            (void)os_file_remove(path);
        }
    }
    free(path);
}

portico_status image_copies_start(const char *run_dir) {
    snprintf(copies.folder, sizeof copies.folder, "%s/copies", run_dir);
    portico_status status = os_folder_create(copies.folder);
    if (status == PORTICO_OK) {
        (void)os_folder_list(copies.folder, remove_leftover, NULL);
    }
    return status;
}

bool image_copies_ready(void) {
    return copies.folder[0] != '\0';
}

/* The path of this host's PID.live; NULL when out of memory. */
static char *live_path(void) {
    char name[32];
    snprintf(name, sizeof name, "%u.live", os_process_id());
    return path_join(copies.folder, name);
}

/* Counts one more copy. A host that cannot say that it lives only risks its debug symbols. */
static void live_begin(void) {
    char *path = copies.count++ == 0 ? live_path() : NULL;
    if (path != NULL) {
        copies.live = os_fopen(path, "wb");
    }
    free(path);
}

static void live_end(void) {
    if (--copies.count > 0 || copies.live == NULL) {
        return;
    }
    fclose(copies.live);
    copies.live = NULL;
    char *path = live_path();
    if (path != NULL) {
        (void)os_file_remove(path);
    }
    free(path);
}

/* ---- copies ----------------------------------------------------------------------------------- */

/* Copies `from` + `suffix` to the folder, when it is there. */
static void copy_symbols(const char *from, const char *suffix, const char *folder) {
    char file[PATH_BYTES];
    uint64_t size = 0;
    uint64_t hash = 0;
    int length = snprintf(file, sizeof file, "%s%s", from, suffix);
    char *to = length > 0 && (size_t)length < sizeof file ? path_join(folder, base_of(file)) : NULL;
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

/* What debuggers look for beside a library. MSVC's and lld's linker: NAME.pdb, first in the library's folder, then where the
 * library says that it was linked (https://learn.microsoft.com/cpp/build/reference/pdbpath). A debugger that opens it there
 * keeps the next build from writing it; linked with /PDBALTPATH:%_PDB% the library names no place.
 * gdb: what `objcopy --add-gnu-debuglink` was told, by custom NAME.so.debug or NAME.debug, in the library's folder
 * (https://sourceware.org/gdb/current/onlinedocs/gdb.html/Separate-Debug-Files.html); -gsplit-dwarf: NAME.so.dwp. */
static void copy_all_symbols(const char *file, const char *folder) {
    char stem[PATH_BYTES];
    copy_symbols(file, ".debug", folder);
    copy_symbols(file, ".dwp", folder);
    const char *dot = strrchr(base_of(file), '.');
    if (dot != NULL && (size_t)(dot - file) < sizeof stem) {
        memcpy(stem, file, (size_t)(dot - file));
        stem[dot - file] = '\0';
        copy_symbols(stem, ".debug", folder);
        copy_symbols(stem, ".pdb", folder);
    }
}

/* Chooses a folder that nobody uses: one of this PID may be left where every host has the same, as in containers. */
static portico_status name_copy(const char *file, image_copy *copy) {
    for (;;) {
        char name[32];
        os_file_info there;
        snprintf(name, sizeof name, "%u.%u", os_process_id(), ++copies.number);
        copy->folder = path_join(copies.folder, name);
        copy->path = copy->folder != NULL ? path_join(copy->folder, base_of(file)) : NULL;
        if (copy->path != NULL && os_file_look(copy->path, &there) != PORTICO_OK) {
            return PORTICO_OK;
        }
        bool taken = copy->path != NULL;
        free(copy->path);
        free(copy->folder);
        *copy = (image_copy){0};
        if (!taken) {
            return PORTICO_E_NO_MEMORY;
        }
    }
}

static void explain(portico_status status, const char *file, const image_copy *copy,
                    char why[IMAGE_WHY_MAX]) {
    char cause[128];
    os_error_text(os_error(), cause, sizeof cause);
    if (status == PORTICO_E_NOT_FOUND) {
        snprintf(why, IMAGE_WHY_MAX, "%s cannot be read: %s", file, cause);
    } else if (status == PORTICO_E_TOO_BIG) {
        snprintf(why, IMAGE_WHY_MAX, "%s has more than %d bytes", file, MODULE_BYTES_MAX);
    } else if (status == PORTICO_E_STATE) {
        snprintf(why, IMAGE_WHY_MAX,
                 "%s has changed while it was read: load it when its build has ended", file);
    } else if (status != PORTICO_E_NO_MEMORY) {
        snprintf(why, IMAGE_WHY_MAX,
                 "%s cannot be copied to %s: is the disk full, the folder there?", file,
                 copy->path);
    }
}

bool image_file_same(const os_file_info *before, const os_file_info *now) {
    return before->size == now->size && before->modified_ns == now->modified_ns &&
           before->id == now->id;
}

/* Copies the library. What a linker writes at this moment may be half of the one build and half of the next. */
static portico_status copy_library(const char *file, image_copy *copy) {
    os_file_info before = {0};
    os_file_info now = {0};
    (void)os_file_look(file, &before); /* if it cannot, it cannot be copied either */
    portico_status status = copy_file(file, copy->path, MODULE_BYTES_MAX, &copy->size, &copy->hash);
    if (status == PORTICO_OK &&
        (os_file_look(file, &now) != PORTICO_OK || !image_file_same(&before, &now))) {
        status = PORTICO_E_STATE;
    }
    return status;
}

portico_status image_copy_make(const char *file, image_copy *copy, char why[IMAGE_WHY_MAX]) {
    *copy = (image_copy){0};
    why[0] = '\0';
    portico_status status = name_copy(file, copy);
    if (status != PORTICO_OK) {
        return status;
    }
    live_begin(); /* before the folder is there to be taken for a leftover */
    status = os_folder_create(copy->folder);
    if (status == PORTICO_OK) {
        status = copy_library(file, copy);
    }
    if (status != PORTICO_OK) {
        explain(status, file, copy, why);
        image_copy_remove(copy);
        return status;
    }
    copy_all_symbols(file, copy->folder);
    return PORTICO_OK;
}

void image_copy_remove(image_copy *copy) {
    if (copy->path == NULL) {
        return;
    }
    remove_folder(copy->folder);
    live_end();
    free(copy->path);
    free(copy->folder);
    *copy = (image_copy){0};
}

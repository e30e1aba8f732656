/* file.c: files and folders: the real system's, whose calls may fail. Any simulated thread. */
#include "real.h"
#include "token.h"

static const portico_status failures[] = {PORTICO_E_ACCESS, PORTICO_E_SYSTEM, 0};

/* Begins a call that the real system answers, unless it fails by chance. */
static portico_status begin(const char *name) {
    token_call(name, 0);
    error_is_real();
    return error_simulated(fault_status(SIM_FAULT_FILES, failures));
}

/* The same of a call that needs a handle for a moment. */
static portico_status begin_with_handle(const char *name) {
    portico_status status = begin(name);
    return status == PORTICO_OK ? error_simulated(handle_for_now()) : status;
}

/* The file is a handle until fclose (step.c). */
FILE *os_fopen(const char *path, const char *mode) {
    portico_status status = begin("fopen");
    status = status == PORTICO_OK ? handle_new() : status;
    FILE *file = status == PORTICO_OK ? real_fopen(path, mode) : NULL;
    if (status != PORTICO_OK) {
        error_simulated(status);
    } else if (file == NULL) {
        handle_give_back();
    }
    return file;
}

/* step.c sets errno when it has a file fail. */
portico_status os_file_error(void) {
    error_is_real();
    return real_file_error();
}

static portico_status open_private(const char *call,
                                   portico_status (*open)(const char *path, FILE **file,
                                                          char found[OS_FOUND_TEXT]),
                                   const char *path, FILE **file, char found[OS_FOUND_TEXT]) {
    found[0] = '\0';
    *file = NULL;
    portico_status status = begin(call);
    status = status == PORTICO_OK ? handle_new() : status;
    if (status != PORTICO_OK) {
        return error_simulated(status);
    }
    status = open(path, file, found);
    if (status != PORTICO_OK) {
        handle_give_back();
    }
    return status;
}

portico_status os_fopen_private(const char *path, FILE **file, char found[OS_FOUND_TEXT]) {
    return open_private("fopen_private", real_fopen_private, path, file, found);
}

portico_status os_fopen_secret(const char *path, FILE **file, char found[OS_FOUND_TEXT]) {
    return open_private("fopen_secret", real_fopen_secret, path, file, found);
}

portico_status os_fopen_beneath(const char *folder, const char *name, FILE **file,
                                os_file_info *info) {
    *file = NULL;
    portico_status status = begin("fopen_beneath");
    status = status == PORTICO_OK ? handle_new() : status;
    if (status != PORTICO_OK) {
        return error_simulated(status);
    }
    status = real_fopen_beneath(folder, name, file, info);
    if (status != PORTICO_OK) {
        handle_give_back();
    }
    return status;
}

portico_status os_folder_private(const char *path, char found[OS_FOUND_TEXT]) {
    found[0] = '\0';
    portico_status status = begin("folder_private");
    return status == PORTICO_OK ? real_folder_private(path, found) : status;
}

/* The lock itself is real, and no handle of the simulated process. */
portico_status os_lock_take(const char *path, os_lock **lock, uint32_t *process) {
    *process = 0;
    portico_status status = begin_with_handle("lock_take");
    return status == PORTICO_OK ? real_lock_take(path, lock, process) : status;
}

portico_status os_file_rename(const char *from, const char *to) {
    portico_status status = begin("file_rename");
    return status == PORTICO_OK ? real_file_rename(from, to) : status;
}

portico_status os_file_remove(const char *path) {
    portico_status status = begin("file_remove");
    return status == PORTICO_OK ? real_file_remove(path) : status;
}

portico_status os_file_look(const char *path, os_file_info *info) {
    portico_status status = begin("file_look");
    return status == PORTICO_OK ? real_file_look(path, info) : status;
}

bool os_file_is_written(const char *path) {
    return begin_with_handle("file_is_written") == PORTICO_OK && real_file_is_written(path);
}

portico_status os_folder_create(const char *path) {
    portico_status status = begin("folder_create");
    return status == PORTICO_OK ? real_folder_create(path) : status;
}

portico_status os_folder_add(const char *path) {
    portico_status status = begin("folder_add");
    return status == PORTICO_OK ? real_folder_add(path) : status;
}

portico_status os_folder_check(const char *path) {
    portico_status status = begin("folder_check");
    return status == PORTICO_OK ? real_folder_check(path) : status;
}

portico_status os_folder_remove(const char *path) {
    portico_status status = begin("folder_remove");
    return status == PORTICO_OK ? real_folder_remove(path) : status;
}

portico_status os_folder_delete(const char *path) {
    portico_status status = begin_with_handle("folder_delete");
    return status == PORTICO_OK ? real_folder_delete(path) : status;
}

typedef struct listing {
    void (*each)(void *arg, const char *name);
    void *arg;
    uint64_t left; /* names until it fails */
} listing;

static void list_one(void *arg, const char *name) {
    listing *l = arg;
    if (l->left > 0) {
        l->left--;
        l->each(l->arg, name);
    }
}

/* May fail at the start or after some of the names. */
portico_status os_folder_list(const char *path, void (*each)(void *arg, const char *name),
                              void *arg) {
    portico_status status = begin_with_handle("folder_list");
    if (status != PORTICO_OK && status != PORTICO_E_SYSTEM) {
        return status;
    }
    listing l = {each, arg, status == PORTICO_OK ? UINT64_MAX : sim_random(SIM_FAULTS, 4)};
    portico_status real = real_folder_list(path, list_one, &l);
    return status == PORTICO_OK ? real : error_simulated(status);
}

portico_status os_path_absolute(const char *path, char *absolute, size_t size) {
    portico_status status = begin("path_absolute");
    return status == PORTICO_OK ? real_path_absolute(path, absolute, size) : status;
}

portico_status os_executable_path(char *path, size_t size) {
    portico_status status = begin("executable_path");
    return status == PORTICO_OK ? real_executable_path(path, size) : status;
}

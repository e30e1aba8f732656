/* fault_files.c: see fault_files.h. */
#include "module/fault_files.h"

#include "base/log.h"
#include "base/put.h"
#include "base/status.h"
#include "base/system_text.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 96, VICTIMS = 64, TIME_CHARS = 19, TRIES_MAX = 1000 };

static const char report_suffix[] = ".txt";
static const char dump_suffix[] = ".dmp";

typedef char file_name[NAME_MAX_BYTES];

static struct {
    char folder[FAULT_PATH_MAX - NAME_MAX_BYTES]; /* absolute; "": none */
    /* [reporter, and control thread before it runs] the names of the reports, the oldest first */
    file_name names[FAULT_FILES_MAX + 1];
    uint32_t count;
} files;

/* ---- names ---------------------------------------------------------------------------------- */

/* "20261128-231501-042" of "2026-11-28T23:15:01.042Z". */
static void put_stamp(put *p, uint64_t wall_ms) {
    static const uint8_t places[] = {0,  1,  2,  3,  5,  6,    8,  9,  0xFF, 11,
                                     12, 14, 15, 17, 18, 0xFF, 20, 21, 22};
    char time[TEXT_TIME];
    char stamp[TIME_CHARS + 1];
    text_time(wall_ms, 'T', time);
    for (size_t i = 0; i < TIME_CHARS; i++) {
        stamp[i] = places[i] == 0xFF ? '-' : time[places[i]];
    }
    stamp[TIME_CHARS] = '\0';
    put_text(p, stamp);
}

/* Whether it is the name of a report, so that nothing else is ever deleted. */
static bool is_report(const char *name) {
    size_t size = strlen(name);
    if (size <= TIME_CHARS + sizeof report_suffix || size >= NAME_MAX_BYTES ||
        strcmp(name + size - strlen(report_suffix), report_suffix) != 0) {
        return false;
    }
    for (size_t i = 0; i < TIME_CHARS; i++) {
        bool dash = i == 8 || i == 15;
        if (dash ? name[i] != '-' : name[i] < '0' || name[i] > '9') {
            return false;
        }
    }
    return name[TIME_CHARS] == '-';
}

void fault_files_path(uint64_t wall_ms, const char *module_name, uint32_t generation,
                      char path[FAULT_PATH_MAX]) {
    put p = put_begin(path, FAULT_PATH_MAX);
    if (files.folder[0] == '\0') {
        return;
    }
    put_text(&p, files.folder);
    put_text(&p, "/");
    put_stamp(&p, wall_ms);
    put_text(&p, "-");
    put_text(&p, module_name[0] != '\0' ? module_name : "host");
    if (generation != 0) {
        put_text(&p, "-");
        put_number(&p, generation);
    }
    put_text(&p, report_suffix);
}

void fault_files_free_path(uint64_t wall_ms, const char *module_name, uint32_t generation,
                           char path[FAULT_PATH_MAX]) {
    os_file_info info;
    fault_files_path(wall_ms, module_name, generation, path);
    for (uint32_t i = 1;
         i < TRIES_MAX && path[0] != '\0' && os_file_look(path, &info) == PORTICO_OK; i++) {
        fault_files_path(wall_ms + i, module_name, generation, path);
    }
}

void fault_files_dump_path(const char *path, char dump[FAULT_PATH_MAX]) {
    size_t size = strlen(path);
    memcpy(dump, path, size + 1);
    if (size > strlen(report_suffix)) {
        memcpy(dump + size - strlen(dump_suffix), dump_suffix, sizeof dump_suffix);
    }
}

/* ---- the last ones -------------------------------------------------------------------------- */

static void file_delete(const char *name) {
    char path[FAULT_PATH_MAX];
    char dump[FAULT_PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s", files.folder, name);
    fault_files_dump_path(path, dump);
    (void)os_file_remove(path);
    (void)os_file_remove(dump);
}

/* Adds a name in its place; there is room for one more than are kept. */
static void names_add(const char *name) {
    uint32_t at = files.count;
    while (at > 0 && strcmp(files.names[at - 1], name) > 0) {
        at--;
    }
    memmove(files.names[at + 1], files.names[at], (files.count - at) * sizeof(file_name));
    (void)snprintf(files.names[at], sizeof(file_name), "%s", name);
    files.count++;
}

static void names_drop_first(void) {
    files.count--;
    memmove(files.names[0], files.names[1], files.count * sizeof(file_name));
}

static void take_name(void *arg, const char *name) {
    (void)arg;
    if (is_report(name)) {
        if (files.count == FAULT_FILES_MAX && strcmp(name, files.names[0]) <= 0) {
            return;
        }
        names_add(name);
        if (files.count > FAULT_FILES_MAX) {
            names_drop_first();
        }
    }
}

/* Reports that are older than those in `names`: some of them, since they are not deleted while the
 * folder is read. */
typedef struct victims {
    file_name names[VICTIMS];
    uint32_t count;
} victims;

static void take_victim(void *arg, const char *name) {
    victims *v = arg;
    if (v->count < VICTIMS && is_report(name) && strcmp(name, files.names[0]) < 0) {
        (void)snprintf(v->names[v->count++], sizeof(file_name), "%s", name);
    }
}

static void delete_older(void) {
    static victims v;
    uint32_t rounds = 0;
    do {
        v.count = 0;
        (void)os_folder_list(files.folder, take_victim, &v);
        for (uint32_t i = 0; i < v.count; i++) {
            file_delete(v.names[i]);
        }
    } while (v.count == VICTIMS && ++rounds < TRIES_MAX);
}

/* ---- the folder ----------------------------------------------------------------------------- */

void fault_files_start(const char *run_dir) {
    char folder[FAULT_PATH_MAX];
    files.count = 0;
    files.folder[0] = '\0';
    int size = snprintf(folder, sizeof folder, "%s/faults", run_dir);
    portico_status status =
        size < (int)sizeof folder ? os_folder_create(folder) : PORTICO_E_TOO_BIG;
    if (status == PORTICO_OK) {
        status = os_path_absolute(folder, files.folder, sizeof files.folder);
    }
    if (status != PORTICO_OK) {
        files.folder[0] = '\0';
        log_warn("faults", "no reports of faults are kept: cannot create %s: %s (%s)", folder,
                 status_text(status), system_text(os_error()));
        return;
    }
    if (os_folder_list(files.folder, take_name, NULL) == PORTICO_OK &&
        files.count == FAULT_FILES_MAX) {
        delete_older();
    }
}

static bool write_file(const char *path, const char *text, size_t size) {
    FILE *file = os_fopen(path, "wx");
    if (file == NULL) {
        return false;
    }
    bool written = fwrite(text, 1, size, file) == size && fflush(file) == 0;
    portico_status status = written ? PORTICO_OK : os_file_error();
    if (fclose(file) != 0 && written) {
        status = os_file_error();
    }
    if (status != PORTICO_OK) {
        (void)os_file_remove(path);
    }
    return status == PORTICO_OK;
}

bool fault_files_write(const char *path, const char *text, size_t size) {
    if (!write_file(path, text, size)) {
        log_warn("faults", "the report %s cannot be written (%s)", path, system_text(os_error()));
        return false;
    }
    names_add(path + strlen(files.folder) + 1);
    if (files.count > FAULT_FILES_MAX) {
        file_delete(files.names[0]);
        names_drop_first();
    }
    return true;
}

/* Whether it is the name of a report, and of nothing in another folder. */
static bool is_plain_report(const char *name) {
    size_t size = strlen(name);
    return is_report(name) &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") == size - strlen(report_suffix);
}

portico_status fault_files_read(const char *name, void (*line)(void *arg, const char *line),
                                void *arg) {
    enum { LINE_BYTES = 2048, LINES_MAX = 20000 };
    char text[LINE_BYTES];
    FILE *file = NULL;
    os_file_info info;
    if (!is_plain_report(name)) {
        return PORTICO_E_INVALID;
    }
    if (files.folder[0] == '\0' ||
        os_fopen_beneath(files.folder, name, &file, &info) != PORTICO_OK) {
        return PORTICO_E_NOT_FOUND;
    }
    for (uint32_t i = 0; i < LINES_MAX && fgets(text, sizeof text, file) != NULL; i++) {
        text[strcspn(text, "\r\n")] = '\0';
        line(arg, text);
    }
    (void)fclose(file);
    return PORTICO_OK;
}

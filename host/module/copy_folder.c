/* copy_folder.c: see copy_folder.h.
 *
 * Some systems cannot tell whether SET.live is open for writing (see os_file_is_written). A running
 * host then looks like one that crashed, and once three later ones did, its copies are deleted.
 * That does not disturb it: on Windows a loaded file cannot be deleted, on Linux it stays mapped
 * without its name.
 */
#include "module/copy_folder.h"

#include "base/log.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096, SET_NAME_MAX = 24 };

/* The copies of one host that runs or has run. */
typedef struct copy_set {
    char name[SET_NAME_MAX];
    uint64_t since_ns; /* when its host made its first copy */
    uint64_t found;    /* counts sets as starts find them without their hosts; 0: not before now */
    bool keep;
} copy_set;

typedef struct set_list {
    copy_set *all;
    size_t count;
    bool failed; /* out of memory: the list is incomplete */
} set_list;

static struct {
    char path[PATH_BYTES];
    char set[SET_NAME_MAX]; /* this host's, while it has copies */
    uint32_t number;        /* of the last copy */
    uint32_t count;         /* of this host's copies */
    FILE *live;             /* SET.live, open while there are any */
    char *live_path;        /* of `live`, so that its end needs no memory */
} copies;

char *path_join(const char *folder, const char *name) {
    char path[PATH_BYTES + 512];
    int size = snprintf(path, sizeof path, "%s/%s", folder, name);
    return size > 0 && (size_t)size < sizeof path ? text_copy(path, (size_t)size) : NULL;
}

/* The path of SET.live; NULL when out of memory. */
static char *live_path(const char *set) {
    char name[SET_NAME_MAX + 8];
    snprintf(name, sizeof name, "%s.live", set);
    return path_join(copies.path, name);
}

/* ---- what other hosts left ------------------------------------------------------------------- */

static const char *skip_digits(const char *text) {
    return text + strspn(text, "0123456789");
}

/* Splits "SET.live" or "SET.N": copies SET and returns what follows the dot. NULL: the name is
 * neither. */
static const char *split_name(const char *name, char set[SET_NAME_MAX]) {
    const char *end = skip_digits(name);
    if (end != name && *end == '-') {
        end = skip_digits(end + 1);
    }
    if (end == name || *end != '.' || end - name >= SET_NAME_MAX) {
        return NULL;
    }
    const char *rest = end + 1;
    bool is_copy = *rest != '\0' && *skip_digits(rest) == '\0';
    if (!is_copy && strcmp(rest, "live") != 0) {
        return NULL;
    }
    memcpy(set, name, (size_t)(end - name));
    set[end - name] = '\0';
    return rest;
}

/* The number that mark_found has written. */
static uint64_t read_found(const char *path) {
    char text[24] = "";
    FILE *file = os_fopen(path, "rb");
    if (file == NULL) {
        return 0;
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    return strtoull(text, NULL, 10);
}

/* Adds the set of a SET.live to the list. */
static void collect_set(void *arg, const char *name) {
    set_list *list = arg;
    copy_set set = {0};
    os_file_info info;
    const char *rest = split_name(name, set.name);
    if (rest == NULL || strcmp(rest, "live") != 0) {
        return;
    }
    char *path = live_path(set.name);
    copy_set *all = realloc(list->all, (list->count + 1) * sizeof *all);
    if (all != NULL) {
        list->all = all;
    }
    if (path == NULL || all == NULL) {
        list->failed = true;
    } else if (os_file_look(path, &info) == PORTICO_OK) {
        set.since_ns = info.modified_ns;
        set.found = read_found(path);
        set.keep = os_file_is_written(path);
        list->all[list->count++] = set;
    }
    free(path);
}

/* A set that is new comes before those found earlier: its host has crashed since. */
static int latest_first(const void *a, const void *b) {
    const copy_set *left = a;
    const copy_set *right = b;
    if (left->found == 0 && right->found == 0) {
        return (left->since_ns < right->since_ns) - (left->since_ns > right->since_ns);
    }
    uint64_t newer_left = left->found - 1; /* 0 becomes the highest number */
    uint64_t newer_right = right->found - 1;
    return (newer_left < newer_right) - (newer_left > newer_right);
}

/* SET.live is made anew, since it may be a link to another file. */
static void mark_found(copy_set *set, uint64_t found) {
    char *path = live_path(set->name);
    FILE *file = NULL;
    if (path != NULL && os_file_remove(path) == PORTICO_OK) {
        file = os_fopen(path, "wbx");
    }
    if (file != NULL) {
        (void)fprintf(file, "%llu\n", (unsigned long long)found);
        (void)fclose(file);
        set->found = found;
    }
    free(path);
}

/* Numbers the new sets of the sorted list, the oldest first. A host may have served far longer than
 * others with its run_dir, so the time of its copies says nothing about when it crashed. */
static void mark_all_found(set_list *list) {
    uint64_t last = 0;
    for (size_t i = list->count; i-- > 0;) {
        copy_set *set = &list->all[i];
        if (set->found > last) {
            last = set->found;
        } else if (set->found == 0 && !set->keep) {
            mark_found(set, ++last);
        }
    }
}

/* Keeps the latest sets of hosts that do not run, and says where they are. */
static void keep_latest(set_list *list) {
    char folder[PATH_BYTES];
    char names[COPY_SETS_KEPT * (SET_NAME_MAX + 4)] = "";
    size_t used = 0;
    uint32_t kept = 0;
    if (list->count > 0) {
        qsort(list->all, list->count, sizeof *list->all, latest_first);
        mark_all_found(list);
    }
    for (size_t i = 0; i < list->count && kept < COPY_SETS_KEPT; i++) {
        copy_set *set = &list->all[i];
        if (!set->keep) {
            set->keep = true;
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s.*",
                                     kept++ > 0 ? ", " : "", set->name);
        }
    }
    if (kept > 0) {
        if (os_path_absolute(copies.path, folder, sizeof folder) != PORTICO_OK) {
            snprintf(folder, sizeof folder, "%s", copies.path);
        }
        log_info("modules",
                 "module copies of hosts that did not stop cleanly are kept for their core dumps "
                 "(the last %d sets) in %s: %s",
                 COPY_SETS_KEPT, folder, names);
    }
}

static bool is_kept(const set_list *list, const char *set) {
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->all[i].name, set) == 0) {
            return list->all[i].keep;
        }
    }
    char *path = live_path(set); /* a host that has started since the list was made */
    bool kept = path == NULL || os_file_is_written(path);
    free(path);
    return kept;
}

/* Deletes SET.N and SET.live unless the set is kept. Touches nothing with another name. */
static void delete_leftover(void *arg, const char *name) {
    char set[SET_NAME_MAX];
    const char *rest = split_name(name, set);
    if (rest == NULL || is_kept(arg, set)) {
        return;
    }
    char *path = path_join(copies.path, name);
    if (path != NULL && strcmp(rest, "live") == 0) {
        (void)os_file_remove(path);
    } else if (path != NULL) {
        (void)os_folder_delete(path);
    }
    free(path);
}

portico_status copy_folder_start(const char *run_dir) {
    snprintf(copies.path, sizeof copies.path, "%s/copies", run_dir);
    portico_status status = os_folder_create(copies.path);
    if (status != PORTICO_OK) {
        return status;
    }
    set_list list = {0};
    (void)os_folder_list(copies.path, collect_set, &list);
    if (!list.failed) {
        keep_latest(&list);
        (void)os_folder_list(copies.path, delete_leftover, &list);
    }
    free(list.all);
    return PORTICO_OK;
}

bool copy_folder_ready(void) {
    return copies.path[0] != '\0';
}

/* ---- this host's set ------------------------------------------------------------------------- */

/* Opens SET.live for the first SET that no other host has. If none can be opened, the host is taken
 * for one that stopped cleanly, and risks the debug symbols of its copies. */
static portico_status set_begin(void) {
    for (uint32_t i = 1;; i++) {
        os_file_info info;
        snprintf(copies.set, sizeof copies.set, i == 1 ? "%u" : "%u-%u", os_process_id(), i);
        char *path = live_path(copies.set);
        if (path == NULL) {
            return PORTICO_E_NO_MEMORY;
        }
        copies.live = os_fopen(path, "wbx");
        bool taken = copies.live == NULL && os_file_look(path, &info) == PORTICO_OK;
        if (copies.live == NULL && !taken) {
            copies.live = os_fopen(path, "wbx"); /* another host may have just deleted it */
        }
        if (copies.live != NULL) {
            copies.live_path = path;
            return PORTICO_OK;
        }
        free(path);
        if (!taken) {
            return PORTICO_OK;
        }
    }
}

static void set_end(void) {
    if (copies.live == NULL) {
        return;
    }
    fclose(copies.live);
    copies.live = NULL;
    (void)os_file_remove(copies.live_path);
    free(copies.live_path);
    copies.live_path = NULL;
}

/* A name that is taken is passed over: it may have been left where it could not be deleted, or been
 * planted, as a link or as a folder that others can change. */
static portico_status make_folder(char **folder) {
    for (;;) {
        char name[SET_NAME_MAX + 16];
        snprintf(name, sizeof name, "%s.%u", copies.set, ++copies.number);
        *folder = path_join(copies.path, name);
        if (*folder == NULL) {
            return PORTICO_E_NO_MEMORY;
        }
        portico_status status = os_folder_add(*folder);
        if (status == PORTICO_E_NOT_FOUND && os_folder_create(copies.path) == PORTICO_OK) {
            status = os_folder_add(*folder); /* somebody has cleaned up */
        }
        if (status == PORTICO_OK) {
            return PORTICO_OK;
        }
        free(*folder);
        *folder = NULL;
        if (status != PORTICO_E_EXISTS) {
            return status;
        }
    }
}

portico_status copy_folder_add(char **folder) {
    *folder = NULL;
    if (copies.count == 0) { /* before there is a folder that could be taken for a leftover */
        portico_status status = set_begin();
        if (status != PORTICO_OK) {
            return status;
        }
    }
    portico_status status = make_folder(folder);
    if (status == PORTICO_OK) {
        copies.count++;
    } else if (copies.count == 0) {
        set_end();
    }
    return status;
}

void copy_folder_remove(char *folder) {
    (void)os_folder_delete(folder);
    free(folder);
    if (--copies.count == 0) {
        set_end();
    }
}

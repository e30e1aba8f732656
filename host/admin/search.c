/* search.c: see search.h. */
#include "admin/search.h"

#include "config/load.h"
#include "config/places.h"
#include "net/ready.h"

#include <stdlib.h>
#include <string.h>

enum {
    FILES_MAX = 64,
    ANSWERS_MAX = 8,
    NAME_BYTES = 256,
    TARGET_BYTES = LOCAL_PATH_MAX,
    PATH_BYTES = PLACE_BYTES + NAME_BYTES
};

/* The .ini files of a folder, PLACE_FILE first. */
typedef struct ini_list {
    char names[FILES_MAX][NAME_BYTES];
    size_t count;
} ini_list;

static void add_ini(void *arg, const char *name) {
    ini_list *list = arg;
    size_t size = strlen(name);
    if (list->count == FILES_MAX && strcmp(name, PLACE_FILE) == 0) {
        list->count--; /* this one is always tried */
    }
    if (size > 4 && size < NAME_BYTES && strcmp(name + size - 4, ".ini") == 0 &&
        list->count < FILES_MAX) {
        snprintf(list->names[list->count++], NAME_BYTES, "%s", name);
    }
}

static int by_name(const void *a, const void *b) {
    int first = strcmp(a, PLACE_FILE) != 0;
    int second = strcmp(b, PLACE_FILE) != 0;
    return first != second ? first - second : strcmp(a, b);
}

/* Keeps the first thing that is wrong with a configuration. */
static void keep_first(void *arg, const char *text) {
    char *why = arg;
    if (why[0] == '\0') {
        snprintf(why, CLIENT_WHY_MAX, "%s", text);
    }
}

/* The list of what a search has tried, for the user to read when none of it answers. */
typedef struct attempts {
    char text[32 * 1024]; /* cut when it is full */
    size_t size;
} attempts;

static void attempts_add(attempts *tried, const char *path, const char *why) {
    size_t space = sizeof tried->text - tried->size;
    int size = snprintf(tried->text + tried->size, space, "  %s%s%s\n", path,
                        path[0] != '\0' ? ": " : "", why);
    tried->size += size > 0 && (size_t)size < space ? (size_t)size : 0;
    tried->text[tried->size] = '\0';
}

/* The hosts that have answered, by their targets: several files may lead to one host. */
typedef struct answers {
    char targets[ANSWERS_MAX][TARGET_BYTES];
    char files[ANSWERS_MAX][PATH_BYTES];
    size_t count;
} answers;

static bool answers_have(const answers *found, const char *target) {
    for (size_t i = 0; i < found->count; i++) {
        if (strcmp(found->targets[i], target) == 0) {
            return true;
        }
    }
    return false;
}

/* Its TCP address, under which another file may know it; else the path of its socket. */
static void target_of(const config *settings, char target[TARGET_BYTES]) {
    const config_service *admin = &settings->admin;
    uint16_t port = admin->port != 0 ? admin->port : ready_admin_port(settings);
    if (admin->address != NULL && port != 0) {
        snprintf(target, TARGET_BYTES, "%s %u", admin->address, port);
    } else {
        local_path(settings, target);
    }
}

/* Asks the host of one configuration whether it is there. */
static void try_file(const char *path, answers *found, attempts *tried) {
    char why[CLIENT_WHY_MAX] = "";
    char target[TARGET_BYTES];
    const config *settings = NULL;
    if (config_load(path, keep_first, why, &settings) != PORTICO_OK) {
        attempts_add(tried, "", why); /* begins with the path and the line */
        return;
    }
    target_of(settings, target);
    if (answers_have(found, target) || found->count == ANSWERS_MAX) {
        config_free(settings);
        return;
    }
    client *c = client_open(settings, why);
    if (c != NULL) {
        client_close(c);
        snprintf(found->targets[found->count], TARGET_BYTES, "%s", target);
        snprintf(found->files[found->count++], PATH_BYTES, "%s", path);
    } else {
        attempts_add(tried, path, why);
    }
    config_free(settings);
}

static void try_folder(const char *folder, answers *found, attempts *tried) {
    static ini_list list;
    list.count = 0;
    if (os_folder_list(folder, add_ini, &list) != PORTICO_OK || list.count == 0) {
        attempts_add(tried, folder, "no .ini file is there");
        return;
    }
    qsort(list.names, list.count, sizeof list.names[0], by_name);
    for (size_t i = 0; i < list.count && !client_interrupted(); i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", folder, list.names[i]);
        try_file(path, found, tried);
    }
}

/* The configuration of the one host that runs. NULL: none does, or several do, as stderr says, or
 * there was an interrupt. */
static const char *search_places(void) {
    static attempts tried;
    static answers found;
    char last[PLACE_BYTES] = "";
    for (int i = 0; i < PLACE_COUNT; i++) {
        char folder[PLACE_BYTES];
        if (!place_folder((place)i, folder) || strcmp(folder, last) == 0) {
            continue; /* both places are one folder */
        }
        try_folder(folder, &found, &tried);
        memcpy(last, folder, sizeof last);
    }
    if (client_interrupted()) {
        return NULL;
    }
    if (found.count == 0) {
        fprintf(stderr,
                "portico: no running host was found; name its configuration with -c FILE. Tried, "
                "in this order:\n%s",
                tried.text);
        return NULL;
    }
    if (found.count > 1) {
        fprintf(stderr, "portico: several hosts are running; choose one with -c FILE:\n");
        for (size_t i = 0; i < found.count; i++) {
            fprintf(stderr, "  %s\n", found.files[i]);
        }
        return NULL;
    }
    return found.files[0];
}

static void print_error(void *arg, const char *text) {
    (void)arg;
    fprintf(stderr, "%s\n", text);
}

client *search_host(const char *file, int *exit_code) {
    char why[CLIENT_WHY_MAX];
    const config *settings = NULL;
    *exit_code = 1;
    if (file == NULL) {
        file = search_places();
    }
    if (file == NULL) {
        return NULL;
    }
    if (config_load(file, print_error, NULL, &settings) != PORTICO_OK) {
        *exit_code = 2;
        return NULL;
    }
    client *c = client_open(settings, why);
    if (c == NULL) {
        fprintf(stderr, "%s: %s\n", file, why);
    }
    config_free(settings);
    return c;
}

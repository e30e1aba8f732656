/* search.c: see search.h. */
#include "admin/search.h"

#include "config/load.h"
#include "config/places.h"

#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 64, NAME_BYTES = 256, PATH_BYTES = PLACE_BYTES + NAME_BYTES };

/* The .ini files of a folder, PLACE_FILE first. */
typedef struct ini_list {
    char names[FILES_MAX][NAME_BYTES];
    size_t count;
} ini_list;

static void add_ini(void *arg, const char *name) {
    ini_list *list = arg;
    size_t size = strlen(name);
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

/* What a search has tried, for the user to read when none of it answers. */
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

/* Connects to the host of one configuration. NULL: an attempt that failed. */
static client *try_file(const char *path, attempts *tried) {
    char why[CLIENT_WHY_MAX] = "";
    const config *settings = NULL;
    if (config_load(path, keep_first, why, &settings) != PORTICO_OK) {
        attempts_add(tried, "", why); /* begins with the path and the line */
        return NULL;
    }
    client *c = client_open(settings, why);
    if (c == NULL) {
        attempts_add(tried, path, why);
    }
    config_free(settings);
    return c;
}

static client *try_folder(const char *folder, attempts *tried) {
    static ini_list list;
    list.count = 0;
    if (os_folder_list(folder, add_ini, &list) != PORTICO_OK || list.count == 0) {
        attempts_add(tried, folder, "no .ini file is there");
        return NULL;
    }
    qsort(list.names, list.count, sizeof list.names[0], by_name);
    client *c = NULL;
    for (size_t i = 0; c == NULL && i < list.count && !client_interrupted(); i++) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "%s/%s", folder, list.names[i]);
        c = try_file(path, tried);
    }
    return c;
}

static client *search_places(void) {
    static attempts tried;
    char last[PLACE_BYTES] = "";
    for (int i = 0; i < PLACE_COUNT; i++) {
        char folder[PLACE_BYTES];
        if (!place_folder((place)i, folder) || strcmp(folder, last) == 0) {
            continue; /* both places are one folder */
        }
        client *c = try_folder(folder, &tried);
        if (c != NULL || client_interrupted()) {
            return c;
        }
        memcpy(last, folder, sizeof last);
    }
    fprintf(
        stderr,
        "portico: no running host was found; name its configuration with -c FILE. Tried, in this order:\n%s",
        tried.text);
    return NULL;
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
        return search_places();
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

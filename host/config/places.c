/* places.c: see places.h. */
#include "config/places.h"

#include "os/os.h"

#include <string.h>

static const char folder_name[] = "conf";

/* Cuts the last part of `path` and the separator before it. False: there is none. */
static bool cut_last_part(char *path) {
    char *separator = NULL;
    for (char *p = path; *p != '\0'; p++) {
        separator = *p == '/' || *p == '\\' ? p : separator;
    }
    if (separator == NULL) {
        return false;
    }
    *separator = '\0';
    return true;
}

bool place_folder(place where, char folder[PLACE_BYTES]) {
    char path[PLACE_BYTES];
    if (where == PLACE_WORKING) {
        return os_path_absolute(folder_name, folder, PLACE_BYTES) == PORTICO_OK;
    }
    if (os_executable_path(path, sizeof path - sizeof folder_name) != PORTICO_OK ||
        !cut_last_part(path) || !cut_last_part(path)) {
        return false;
    }
    size_t size = strlen(path);
    snprintf(path + size, sizeof path - size, "/%s", folder_name);
    return os_path_absolute(path, folder, PLACE_BYTES) == PORTICO_OK;
}

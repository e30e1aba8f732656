/* run_folder.c: see run_folder.h. */
#include "run_folder.h"

#include "base/status.h"
#include "base/system_text.h"

#include <stdio.h>

enum { PATH_BYTES = 4096 };

/* `below` is "", or the name of a folder in it. */
static bool check_one(const char *run_dir, const char *below, char why[RUN_FOLDER_WHY_MAX]) {
    char path[PATH_BYTES];
    char found[OS_FOUND_TEXT];
    snprintf(path, sizeof path, "%s%s%s", run_dir, below[0] != '\0' ? "/" : "", below);
    portico_status status = os_folder_private(path, found);
    if (status == PORTICO_OK || status == PORTICO_E_NOT_FOUND) {
        return true;
    }
    if (found[0] == '\0') {
        snprintf(why, RUN_FOLDER_WHY_MAX, "%s cannot be checked: %s (%s)", path,
                 status_text(status), system_text(os_error()));
    } else {
        snprintf(why, RUN_FOLDER_WHY_MAX,
                 "%s is not trusted: %s. It must be a folder of the user who runs the host that "
                 "nobody else may change: delete it, correct its owner and rights, or name another "
                 "run_dir",
                 path, found);
    }
    return false;
}

bool run_folder_check(const config *c, bool make, char why[RUN_FOLDER_WHY_MAX]) {
    static const char *const folders[] = {"", "copies", "faults"};
    portico_status status = make ? os_folder_create(c->run_dir) : PORTICO_OK;
    if (status != PORTICO_OK) {
        snprintf(why, RUN_FOLDER_WHY_MAX, "it cannot be created: %s (%s)", status_text(status),
                 system_text(os_error()));
        return false;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (!check_one(c->run_dir, folders[i], why)) {
            return false;
        }
    }
    return true;
}

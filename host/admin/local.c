/* local.c: see local.h. */
#include "admin/local.h"

#include "base/status.h"
#include "base/system_text.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

void local_path(const config *c, char path[LOCAL_PATH_MAX]) {
    const char *name = text_file_name(c->path);
    size_t size = strlen(name);
    size -= size > 4 && strcmp(name + size - 4, ".ini") == 0 ? 4 : 0;
    snprintf(path, LOCAL_PATH_MAX, "%s/%.*s.sock", c->run_dir, (int)size, name);
}

void local_explain_listen(portico_status status, const char *path, char why[LOCAL_WHY_MAX]) {
    switch (status) {
    case PORTICO_E_ADDRESS_IN_USE:
        snprintf(why, LOCAL_WHY_MAX,
                 "%s is the socket of a host that runs: stop that one first, or give this one "
                 "another [host] run_dir",
                 path);
        break;
    case PORTICO_E_EXISTS:
        snprintf(why, LOCAL_WHY_MAX,
                 "%s is where ctl connects, but there is a file that is no socket of this user's: "
                 "it is left alone; remove it, or set another [host] run_dir",
                 path);
        break;
    case PORTICO_E_TOO_BIG:
        snprintf(why, LOCAL_WHY_MAX, "%s: the name of the ini is too long for a socket", path);
        break;
    default:
        snprintf(why, LOCAL_WHY_MAX, "cannot listen at %s: %s (%s)", path, status_text(status),
                 system_text(os_error()));
        break;
    }
}

void local_explain_connect(portico_status status, const char *path, char why[LOCAL_WHY_MAX]) {
    switch (status) {
    case PORTICO_E_NOT_FOUND:
    case PORTICO_E_REFUSED:
        snprintf(why, LOCAL_WHY_MAX, "no host listens at %s: is it running?", path);
        break;
    case PORTICO_E_ACCESS:
        snprintf(why, LOCAL_WHY_MAX,
                 "this user may not connect to %s: run ctl as the user who runs the host", path);
        break;
    case PORTICO_E_BACKLOG:
    case PORTICO_E_TIMEOUT:
        snprintf(why, LOCAL_WHY_MAX,
                 "the host at %s accepts no connection: it hangs, or the machine is overloaded",
                 path);
        break;
    default:
        snprintf(why, LOCAL_WHY_MAX, "cannot connect to %s: %s (%s)", path, status_text(status),
                 system_text(os_error()));
        break;
    }
}

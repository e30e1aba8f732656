/* preflight.c: see preflight.h. In the order in which server.c needs things: log, addresses,
 * certificates, run_dir, data_dir, modules, ready file.
 */
#include "preflight.h"

#include "admin/token.h"
#include "base/system_text.h"
#include "bounds.h"
#include "loader/module_check.h"
#include "net/ready.h"
#include "preflight_tls.h"
#include "run_folder.h"

#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 4096, FAULT_BYTES = 300 };

/* ---- files and folders ---- */

static bool is_separator(char c) {
    return c == '/' || c == '\\';
}

/* Cuts `path` down to the folder that it is in. False: there is none to name. */
static bool cut_to_folder(char *path) {
    size_t size = strlen(path);
    while (size > 0 && is_separator(path[size - 1])) {
        size--;
    }
    while (size > 0 && !is_separator(path[size - 1])) {
        size--;
    }
    bool is_root = size == 1 || (size == 3 && path[1] == ':');
    path[is_root ? size : size > 0 ? size - 1 : 0] = '\0';
    return size > 0;
}

/* The folder that a file is in, "." for a bare name. */
static void folder_of(const char *file, char folder[PATH_BYTES]) {
    (void)snprintf(folder, PATH_BYTES, "%s", file);
    if (!cut_to_folder(folder)) {
        memcpy(folder, ".", 2);
    }
}

/* Whether files can be created in `folder`; says why not. */
static bool can_create_in(const char *folder, char fault[FAULT_BYTES]) {
    portico_status status = os_folder_check(folder);
    if (status == PORTICO_E_NOT_FOUND) {
        (void)snprintf(fault, FAULT_BYTES, "there is no folder %s: create it, or name another one",
                       folder);
    } else if (status == PORTICO_E_INVALID) {
        (void)snprintf(fault, FAULT_BYTES, "%s is not a folder: name another one", folder);
    } else if (status != PORTICO_OK) {
        (void)snprintf(fault, FAULT_BYTES,
                       "files cannot be created in %s (%s): change its rights, or name another one",
                       folder, system_text(os_error()));
    }
    return status == PORTICO_OK;
}

/* Whether making `path` would make `folder`: it is the same, or one of its parents. */
static bool is_made_with(const char *folder, const char *path) {
    size_t size = strlen(folder);
    return strncmp(folder, path, size) == 0 && (path[size] == '\0' || is_separator(path[size]));
}

static void check_log(const config *c, config_faults *faults) {
    char folder[PATH_BYTES];
    char fault[FAULT_BYTES];
    os_file_info info;
    uint32_t line = config_line(c, &c->log.file);
    if (c->log.file == NULL) {
        return;
    }
    if (os_file_look(c->log.file, &info) == PORTICO_E_NOT_FOUND) {
        folder_of(c->log.file, folder);
        if (!can_create_in(folder, fault)) {
            fault_add(faults, line, "[log] file = %s: %s", c->log.file, fault);
        }
        return;
    }
    FILE *file = os_fopen(c->log.file, "r+b");
    if (file == NULL) {
        fault_add(
            faults, line,
            "[log] file = %s: it cannot be written (%s): change its rights, or name another file",
            c->log.file, system_text(os_error()));
        return;
    }
    (void)fclose(file);
}

/* The folder, or the nearest parent that is there: the start makes the others. False: a fault says
 * why not. */
static bool check_folder(const config *c, const char *key, char *const *path,
                         config_faults *faults) {
    char folder[PATH_BYTES];
    char fault[FAULT_BYTES];
    (void)snprintf(folder, sizeof folder, "%s", *path);
    while (os_folder_check(folder) == PORTICO_E_NOT_FOUND) {
        if (!cut_to_folder(folder)) {
            memcpy(folder, ".", 2);
            break;
        }
    }
    if (!can_create_in(folder, fault)) {
        fault_add(faults, config_line(c, path), "[host] %s = %s: %s", key, *path, fault);
        return false;
    }
    return true;
}

static bool check_run_folder(const config *c, config_faults *faults) {
    char why[RUN_FOLDER_WHY_MAX];
    bool good = run_folder_check(c, false, why);
    if (!good) {
        fault_add(faults, config_line(c, &c->run_dir), "[host] run_dir = %s: %s", c->run_dir, why);
    }
    return good;
}

static void check_token(const config *c, config_faults *faults) {
    char why[TOKEN_WHY_MAX];
    bool needed = c->admin_enabled && (c->admin.address != NULL || c->admin_http_port >= 0);
    if (needed && token_check(c, why) != PORTICO_OK) {
        fault_add(faults, config_line(c, &c->run_dir), "[host] run_dir: %s", why);
    }
}

static void check_ready_file(const config *c, config_faults *faults) {
    char folder[PATH_BYTES];
    char fault[FAULT_BYTES];
    uint32_t line = config_line(c, &c->ready_file);
    if (c->ready_file == NULL) {
        return;
    }
    folder_of(c->ready_file, folder);
    if (os_folder_check(c->ready_file) == PORTICO_OK) {
        fault_add(faults, line, "[host] ready_file = %s: it is a folder: name a file",
                  c->ready_file);
    } else if (!ready_may_replace(c->ready_file)) {
        fault_add(faults, line,
                  "[host] ready_file = %s: there is a file that is no ready file: name another one",
                  c->ready_file);
    } else if (!is_made_with(folder, c->run_dir) && !can_create_in(folder, fault)) {
        fault_add(faults, line, "[host] ready_file = %s: %s", c->ready_file, fault);
    }
}

/* A page's folder only has to be read. */
static void check_files(const config *c, config_faults *faults) {
    for (size_t i = 0; i < c->listener_count; i++) {
        const config_service *s = &c->listeners[i];
        portico_status status = s->files != NULL ? os_folder_check(s->files) : PORTICO_OK;
        if (status == PORTICO_E_NOT_FOUND || status == PORTICO_E_INVALID) {
            fault_add(faults, config_line(c, &s->files),
                      "[listener %s] files = %s: %s: create it, or name another one", s->name,
                      s->files,
                      status == PORTICO_E_INVALID ? "no folder" : "there is no such folder");
        }
    }
}

/* ---- addresses ---- */

/* `field` holds the numeric address `text`; NULL and host names are for nobody to check here. */
static void check_address(const config *c, const config_service *s, const char *key,
                          char *const *field, config_faults *faults) {
    os_address address;
    if (*field == NULL || os_address_parse(*field, 0, &address) != PORTICO_OK ||
        os_address_check(&address) != PORTICO_E_ADDRESS) {
        return;
    }
    char label[CONFIG_NAME_MAX + 16];
    const char *word = s->outgoing ? "connector " : "listener ";
    bool admin = s == &c->admin || s == &c->admin_http;
    (void)snprintf(label, sizeof label, "[%s%s]", admin ? "" : word, s->name);
    uint32_t line = config_line(c, field);
    const char *other = s->outgoing                         ? "leave it empty for any"
                        : address.family == OS_ADDRESS_IPV4 ? "0.0.0.0 for all of them"
                                                            : ":: for all of them";
    fault_add(faults, line != 0 ? line : s->line,
              "%s %s = %s: this machine has no such address: take one of its own, or %s", label,
              key, *field, other);
}

static void check_addresses(const config *c, config_faults *faults) {
    for (size_t i = 0; i < c->listener_count; i++) {
        check_address(c, &c->listeners[i], "address", &c->listeners[i].address, faults);
    }
    for (size_t i = 0; i < c->connector_count; i++) {
        check_address(c, &c->connectors[i], "bind_address", &c->connectors[i].bind_address, faults);
    }
    if (c->admin_enabled) {
        check_address(c, &c->admin, "address", &c->admin.address, faults);
        if (c->admin_http_port >= 0) {
            check_address(c, &c->admin_http, "http_address", &c->admin_http.address, faults);
        }
    }
}

void preflight(const config *c, config_report report, void *arg, config_report note) {
    config_faults faults = {.path = c->path};
    config_faults notes = {.path = c->path};
    check_log(c, &faults);
    check_addresses(c, &faults);
    check_files(c, &faults);
    preflight_tls(c, &faults);
    if (check_folder(c, "run_dir", &c->run_dir, &faults) && check_run_folder(c, &faults)) {
        check_token(c, &faults);
    }
    if (config_line(c, &c->data_dir) != 0) { /* modules may need none, but somebody wants it */
        (void)check_folder(c, "data_dir", &c->data_dir, &faults);
    }
    uint32_t modules = modules_check(c, &faults, &notes);
    check_ready_file(c, &faults);
    bounds most;
    os_machine machine;
    bounds_of(c, modules, &most);
    os_machine_look(&machine);
    bounds_tell(&most, &machine, &notes);
    fault_report(&notes, note, NULL);
    fault_report(&faults, report, arg);
    fault_free(&notes);
    fault_free(&faults);
}

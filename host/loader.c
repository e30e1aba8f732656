/* loader.c: see loader.h. */
#include "loader_private.h"

#include "host_api.h"
#include "mailbox.h"
#include "publish.h"
#include "services.h"
#include "session.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    os_port *port;
    const config *config;
    const portico_host *api;
} loader;

portico_status loader_start(const config *c, os_port *port) {
    loader.port = port;
    loader.config = c;
    loader.api = host_api(c);
    return image_copies_start(c->run_dir);
}

const config *loader_config(void) {
    return loader.config;
}

portico_status loader_refuse(char why[IMAGE_WHY_MAX], portico_status status, const char *name) {
    if (why[0] == '\0') {
        snprintf(why, IMAGE_WHY_MAX, "%s", status_text(status));
    }
    log_error("modules", "%s is not loaded: %s", name, why);
    return status;
}

/* ---- loading ------------------------------------------------------------------------------- */

const char *loader_missing(const module *m) {
    for (char **r = m->required; *r != NULL; r++) {
        if (module_find(*r) == NULL) {
            return *r;
        }
    }
    return NULL;
}

portico_status loader_begin(module *m, char why[IMAGE_WHY_MAX]) {
    module *other = module_find(m->name);
    if (other != NULL) {
        snprintf(why, IMAGE_WHY_MAX, "the name is taken by %s",
                 other->file != NULL ? other->file : "a part of the host");
        return PORTICO_E_EXISTS;
    }
    const char *missing = loader_missing(m);
    if (missing != NULL) {
        snprintf(why, IMAGE_WHY_MAX, "it requires the module %s, which is not loaded", missing);
        return PORTICO_E_DEPENDENCY;
    }
    portico_status status = mailbox_open(m, loader.port); /* before `load`, which may post to it */
    if (status != PORTICO_OK) {
        return status;
    }
    status = module_call_load(m, loader.api);
    if (status != PORTICO_OK) {
        mailbox_close(m);
        (void)module_wait_released(m, UINT32_MAX);
        snprintf(why, IMAGE_WHY_MAX, "its load function failed: %s", status_text(status));
        return PORTICO_E_LOAD;
    }
    status = module_table_add(m);
    if (status == PORTICO_OK) {
        status = module_publish(m, loader.port, why);
        if (status == PORTICO_OK) {
            return PORTICO_OK;
        }
        /* Its handlers may run already, and one may hang: then the module has to stay. */
        if (!module_wait_released(m, loader.config != NULL ? loader.config->stop_timeout_ms : UINT32_MAX)) {
            log_error("modules", "%s is withdrawn, but a handler of it does not return: it stays in memory",
                      m->name);
            m->stuck = true;
            return status;
        }
        module_table_remove(m);
    }
    module_call_unload(m);
    return status;
}

/* False: a listener could not open; the log says why. */
static bool open_services(const module *m) {
    bool opened = true;
    for (const registered_type *r = m->registry->types; r != NULL; r = r->next) {
        if (r->owned && services_open(session_type_find(r->name)) != PORTICO_OK) {
            opened = false;
        }
    }
    return opened;
}

void loader_tell(const module *m) {
    log_info("modules", "%s %s is loaded from %s", m->name, m->version, m->file);
}

portico_status loader_add_builtin(const portico_module_info *info) {
    char why[IMAGE_WHY_MAX] = "";
    module *m = image_builtin(info);
    portico_status status = m != NULL ? loader_begin(m, why) : PORTICO_E_NO_MEMORY;
    if (status != PORTICO_OK) {
        loader_refuse(why, status, info->name);
        if (m != NULL) {
            image_close(m);
        }
    }
    return status;
}

void loader_file_of(const char *name, char *path, size_t size) {
    const config_module *section = config_find_module(loader.config, name);
    if (section != NULL && section->file != NULL) {
        snprintf(path, size, "%s", section->file);
    } else {
        snprintf(path, size, "%s/%s%s", loader.config->modules_dir, name, os_library_suffix);
    }
}

portico_status loader_load(const char *what, char why[IMAGE_WHY_MAX]) {
    char file[4096];
    bool named = module_name_valid(what);
    why[0] = '\0';
    if (named) {
        loader_file_of(what, file, sizeof file);
    } else {
        snprintf(file, sizeof file, "%s", what);
    }
    module *m = NULL;
    portico_status status = image_open(file, &m, why);
    if (status != PORTICO_OK) {
        return loader_refuse(why, status, what);
    }
    if (named && strcmp(m->name, what) != 0) {
        snprintf(why, IMAGE_WHY_MAX, "%.300s holds the module %s", file, m->name);
        status = PORTICO_E_INVALID;
    } else {
        status = loader_begin(m, why);
    }
    if (status != PORTICO_OK) {
        if (!m->stuck) {
            image_close(m);
        }
        return loader_refuse(why, status, what);
    }
    loader_tell(m);
    if (!open_services(m)) {
        snprintf(why, IMAGE_WHY_MAX, "%s is loaded, but a listener of its type cannot open: see the log",
                 m->name);
        return PORTICO_E_ADDRESS_IN_USE;
    }
    return PORTICO_OK;
}

/* ---- unloading ----------------------------------------------------------------------------- */

typedef struct dependents {
    const char *name;
    char found[MODULE_NAME_MAX];
} dependents;

static void find_dependent(void *arg, module *m) {
    dependents *d = arg;
    for (char **r = m->required; *r != NULL; r++) {
        if (strcmp(*r, d->name) == 0) {
            snprintf(d->found, sizeof d->found, "%s", m->name);
        }
    }
}

static void abort_of_module(void *arg, session *s) {
    const module *m = arg;
    for (const registered_type *r = m->registry->types; r != NULL; r = r->next) {
        if (r->owned && strcmp(r->name, s->service->type->name) == 0) {
            session_abort(s, PORTICO_E_UNLOADED);
        }
    }
}

/* Ends a module that has been withdrawn. False: a handler of it does not return. */
static bool module_end(module *m) {
    uint32_t timeout_ms = loader.config->stop_timeout_ms;
    if (!module_wait_released(m, timeout_ms)) {
        sessions_each(abort_of_module, m);
        if (!module_wait_released(m, timeout_ms)) {
            return false;
        }
    }
    module_table_remove(m);
    module_call_unload(m);
    return true;
}

portico_status loader_unload(const char *name, char why[IMAGE_WHY_MAX]) {
    module *m = module_find(name);
    why[0] = '\0';
    if (m == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "no module %s is loaded", name);
        return PORTICO_E_NOT_FOUND;
    }
    if (m->library == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "%s is a part of the host", name);
        return PORTICO_E_STATE;
    }
    dependents d = {.name = name};
    module_table_each(find_dependent, &d);
    if (d.found[0] != '\0') {
        snprintf(why, IMAGE_WHY_MAX, "the module %s requires it: unload that one first", d.found);
        return PORTICO_E_STATE;
    }
    module_call_stopping(m);
    module_withdraw(m);
    if (!module_end(m)) {
        snprintf(why, IMAGE_WHY_MAX,
                 "a handler of %s has not returned for %u ms: the module stays, its sessions are closed",
                 name, 2 * loader.config->stop_timeout_ms);
        log_error("modules", "%s is not unloaded: %s", name, why);
        char again[IMAGE_WHY_MAX];
        if (module_publish(m, loader.port, again) == PORTICO_OK) {
            (void)open_services(m);
        }
        return PORTICO_E_TIMEOUT;
    }
    log_info("modules", "%s is unloaded", name);
    image_close(m);
    return PORTICO_OK;
}

/* ---- the end ------------------------------------------------------------------------------- */

typedef struct module_list {
    module **all;
    size_t count;
    size_t capacity;
} module_list;

static void list_module(void *arg, module *m) {
    module_list *list = arg;
    if (list->count < list->capacity) {
        list->all[list->count] = m;
    }
    list->count++;
}

/* All modules in the order of loading; the caller frees `all`. Empty when out of memory. */
static module_list list_modules(void) {
    module_list list = {0};
    module_table_each(list_module, &list);
    list.capacity = list.count;
    list.count = 0;
    list.all = calloc(list.capacity + 1, sizeof(module *));
    if (list.all != NULL) {
        module_table_each(list_module, &list);
    } else {
        log_error("modules", "out of memory: %zu modules are not told of the end", list.capacity);
    }
    return list;
}

void loader_tell_stopping(void) {
    module_list list = list_modules();
    while (list.count-- > 0) {
        module_call_stopping(list.all[list.count]);
    }
    free(list.all);
}

void loader_unload_all(void) {
    module_list list = list_modules();
    while (list.count-- > 0) {
        module *m = list.all[list.count];
        module_withdraw(m);
        if (module_end(m)) {
            log_debug("modules", "%s is unloaded", m->name);
            image_close(m);
        }
    }
    free(list.all);
}

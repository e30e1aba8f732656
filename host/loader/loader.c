/* loader.c: see loader.h. */
#include "loader/private.h"

#include "api/host_api.h"
#include "base/status.h"
#include "base/text.h"
#include "loader/module_files.h"
#include "loader/publish.h"
#include "loader/watch.h"
#include "module/caller.h"
#include "module/copy_folder.h"
#include "module/fault_policy.h"
#include "module/life.h"
#include "module/mailbox.h"
#include "module/settings.h"
#include "module/state_take_over.h"
#include "net/services.h"
#include "run/control.h"
#include "session/dispatch.h"
#include "session/session.h"

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
    state_take_over_start(c->modules_swap_check);
    dispatch_start(c->modules_swap_check);
    return copy_folder_start(c->run_dir);
}

const config *loader_config(void) {
    return loader.config;
}

const config_module *loader_section(const char *name) {
    return loader.config != NULL ? config_find_module(loader.config, name) : NULL;
}

portico_status loader_refuse(char why[IMAGE_WHY_MAX], portico_status status, const char *name) {
    if (why[0] == '\0') {
        snprintf(why, IMAGE_WHY_MAX, "%s", status_text(status));
    }
    log_error("modules", "%s is not loaded: %s", name, why);
    return status;
}

/* ---- loading ------------------------------------------------------------------------------- */

const char *loader_missing(const generation *g) {
    for (char **r = g->required; *r != NULL; r++) {
        if (module_find(*r) == NULL) {
            return *r;
        }
    }
    return NULL;
}

void loader_serves(const module *m) {
    const generation *g = module_generation(m);
    watch_set(m->name, m->file, g->copy.size, g->copy.hash);
}

/* Whether the module can be loaded besides those that are loaded. */
static portico_status loader_check(const generation *g, char why[IMAGE_WHY_MAX]) {
    const module *other = module_find(g->name);
    if (other != NULL) {
        snprintf(why, IMAGE_WHY_MAX, "the name is taken by %s", other->file);
        return PORTICO_E_EXISTS;
    }
    const char *missing = loader_missing(g);
    if (missing != NULL) {
        snprintf(why, IMAGE_WHY_MAX, "it requires the module %s, which is not loaded", missing);
        return PORTICO_E_DEPENDENCY;
    }
    return PORTICO_OK;
}

void loader_allow(void) {
    const config *c = loader.config;
    if (c != NULL) {
        bool longer = c->stop_timeout_ms > c->modules_swap_timeout_ms;
        caller_allow(longer ? c->stop_timeout_ms : c->modules_swap_timeout_ms);
    }
}

/* Publishes and starts the module. On failure it is withdrawn, but its handlers may still run. */
static portico_status loader_publish(module *m, char why[IMAGE_WHY_MAX]) {
    portico_status status = module_publish_rooms(m, why);
    if (status != PORTICO_OK) {
        mailbox_close(m);
        return status;
    }
    loader_allow();
    status = module_call_start(m, module_generation(m), PORTICO_START_LOADED);
    if (status != PORTICO_OK) {
        snprintf(why, IMAGE_WHY_MAX, "its start failed: %s", status_text(status));
        atomic_store(&module_generation(m)->given_up, true);
        module_withdraw(m);
        return PORTICO_E_LOAD;
    }
    status = module_publish(m, why);
    if (status != PORTICO_OK) {
        mailbox_close(m);
    }
    return status;
}

/* Waits until the handlers of a module that has been withdrawn have returned, and stops it if it
 * has started. If one does not return, the module is stuck and stays in memory. */
static void loader_take_back(module *m) {
    uint32_t timeout_ms = loader.config != NULL ? loader.config->stop_timeout_ms : UINT32_MAX;
    m->stuck = !module_wait_released(m, timeout_ms);
    if (m->stuck) {
        log_error("modules",
                  "%s is withdrawn, but one of its handlers does not return: it stays in memory",
                  m->name);
        return;
    }
    module_table_remove(m);
    loader_allow();
    module_call_stop(m, module_generation(m), PORTICO_STOP_UNLOADED);
}

/* Makes a module part of the host. On failure it is not, and nothing holds it unless it is
 * stuck. */
static portico_status loader_join(module *m, char why[IMAGE_WHY_MAX]) {
    portico_status status = mailbox_open(m, loader.port); /* before `start`, which may post to it */
    if (status != PORTICO_OK) {
        return status;
    }
    status = module_table_add(m);
    if (status != PORTICO_OK) {
        mailbox_close(m);
        (void)module_wait_released(m, UINT32_MAX);
        return status;
    }
    status = loader_publish(m, why);
    if (status != PORTICO_OK) {
        loader_take_back(m);
    }
    return status;
}

/* Logs a fault of the module's section and keeps the first one. */
typedef struct fault_list {
    const char *module;
    char *why; /* IMAGE_WHY_MAX */
} fault_list;

static void add_fault(void *arg, uint32_t line, const char *text) {
    fault_list *l = arg;
    log_error(l->module, "%s:%u: %s", loader.config->path, line, text);
    if (l->why[0] == '\0') {
        snprintf(l->why, IMAGE_WHY_MAX, "%.300s:%u: %.600s", loader.config->path, line, text);
    }
}

portico_status loader_prepare(generation *g, char why[IMAGE_WHY_MAX]) {
    const config_module *section = loader_section(g->name);
    fault_list faults = {.module = g->name, .why = why};
    if (settings_check(&g->info.settings, section, add_fault, &faults) > 0) {
        return PORTICO_E_INVALID;
    }
    settings_write(&g->info.settings, section);
    if (g->host != NULL) {
        *g->host = loader.api;
    }
    return PORTICO_OK;
}

/* Whether the module can take part in the session types that it names. */
static portico_status check_types(const module *m, char why[IMAGE_WHY_MAX]) {
    portico_status status = PORTICO_OK;
    const registered_type *types = module_generation(m)->registry->types;
    for (const registered_type *t = types; t != NULL && status == PORTICO_OK; t = t->next) {
        status = publish_check(m, t, why);
    }
    return status;
}

static portico_status loader_admit(module *m, char why[IMAGE_WHY_MAX]) {
    portico_status status = check_types(m, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = loader_prepare(module_generation(m), why);
    return status == PORTICO_OK ? loader_join(m, why) : status;
}

/* Takes the limits of the module's faults from the configuration. */
static void loader_configure(module *m) {
    const config *c = loader.config;
    if (c != NULL) {
        m->aborts = config_module_on_fault(c, m->name) == CONFIG_FAULT_ABORT;
        m->hang_ms = config_module_hang_ms(c, m->name);
        quota_set_limit(m->quota, QUOTA_MEMORY, config_module_memory_limit(c, m->name));
        m->arrivals_max = c->modules_frozen_backlog;
    }
}

module *loader_begin(generation *g, portico_status *status, char why[IMAGE_WHY_MAX]) {
    *status = loader_check(g, why);
    if (*status != PORTICO_OK) {
        generation_free(g);
        return NULL;
    }
    *status = modules_list_reserve();
    module *m = *status == PORTICO_OK ? module_create(g) : NULL;
    if (m == NULL) {
        *status = PORTICO_E_NO_MEMORY;
        generation_free(g);
        return NULL;
    }
    g->since_ms = os_wall_ms();
    loader_configure(m);
    *status = loader_admit(m, why);
    if (*status == PORTICO_OK) {
        loader_serves(m);
        return m;
    }
    if (!m->stuck) {
        module_destroy(m);
    }
    return NULL;
}

bool loader_open_services(const module *m) {
    bool opened = true;
    for (const registered_type *r = module_generation(m)->registry->types; r != NULL; r = r->next) {
        if (r->owned && services_open(session_type_find(r->name)) != PORTICO_OK) {
            opened = false;
        }
    }
    return opened;
}

void loader_tell(const module *m) {
    log_info("modules", "%s %s is loaded from %s", m->name, module_generation(m)->version, m->file);
}

portico_status loader_load(const char *what, char why[IMAGE_WHY_MAX]) {
    char file[4096];
    bool named = text_is_identifier(what);
    why[0] = '\0';
    if (named) {
        module_file_path(loader.config, what, file, sizeof file);
    } else {
        snprintf(file, sizeof file, "%s", what);
    }
    generation *g = NULL;
    portico_status status = image_open(file, &g, why);
    if (status != PORTICO_OK) {
        return loader_refuse(why, status, what);
    }
    if (named && strcmp(g->name, what) != 0) {
        snprintf(why, IMAGE_WHY_MAX, "%.300s is the module %s", file, g->name);
        generation_free(g);
        return loader_refuse(why, PORTICO_E_INVALID, what);
    }
    const module *m = loader_begin(g, &status, why);
    if (m == NULL) {
        return loader_refuse(why, status, what);
    }
    loader_tell(m);
    if (!loader_open_services(m)) {
        snprintf(
            why, IMAGE_WHY_MAX,
            "%s is loaded, but a listener of its type cannot open yet and is retried: see the log",
            m->name);
        return PORTICO_E_ADDRESS_IN_USE;
    }
    return PORTICO_OK;
}

portico_status loader_publish_again(module *m) {
    char why[IMAGE_WHY_MAX];
    portico_status status = module_publish_rooms(m, why);
    return status == PORTICO_OK ? module_publish(m, why) : status;
}

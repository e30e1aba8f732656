/* loader.c: see loader.h. */
#include "loader.h"

#include "control.h"
#include "host_api.h"
#include "mailbox.h"
#include "room.h"
#include "services.h"
#include "session.h"
#include "status.h"
#include "text.h"

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
    return images_start(c->run_dir);
}

static portico_status refuse(char why[IMAGE_WHY_MAX], portico_status status, const char *name) {
    if (why[0] == '\0') {
        snprintf(why, IMAGE_WHY_MAX, "%s", status_text(status));
    }
    log_error("modules", "%s is not loaded: %s", name, why);
    return status;
}

/* ---- publishing ---------------------------------------------------------------------------- */

static void sync_of_type(void *arg, session *s) {
    if (s->service->type == arg) {
        session_sync(s);
    }
}

/* The sessions that are there take the type's new layout over at their next turn, which is now. */
static void sync_sessions(session_type *t) {
    sessions_each(sync_of_type, t);
}

/* Takes the module out of its types, up to `end` (NULL: all). */
static void withdraw(module *m, const registered_type *end) {
    for (const registered_room *r = m->registry->rooms; r != NULL; r = r->next) {
        room_type_remove(r);
    }
    rooms_close(m, PORTICO_E_UNLOADED);
    mailbox_close(m);
    for (const registered_type *r = m->registry->types; r != end; r = r->next) {
        session_type *t = session_type_find(r->name);
        portico_status status = session_type_remove_part(t, m);
        while (status != PORTICO_OK) {
            /* Out of memory, and the module must go: wait for the system to recover. */
            log_error("modules", "%s: %s; trying again", m->name, status_text(status));
            control_sleep(1000);
            status = session_type_remove_part(t, m);
        }
        if (r->owned) {
            services_pause(t);
        } else {
            sync_sessions(t);
        }
    }
}

/* Adds the module to its types. On failure it is in none of them. */
static portico_status publish(module *m, char why[IMAGE_WHY_MAX]) {
    portico_status opened = m->mailbox == NULL ? mailbox_open(m, loader.port) : PORTICO_OK;
    for (const registered_room *r = m->registry->rooms; opened == PORTICO_OK && r != NULL; r = r->next) {
        opened = room_type_add(m, r);
    }
    if (opened != PORTICO_OK) {
        withdraw(m, m->registry->types);
        return opened;
    }
    for (const registered_type *r = m->registry->types; r != NULL; r = r->next) {
        session_type *t = session_type_get(r->name);
        portico_status status = t != NULL ? session_type_add_part(t, m, r) : PORTICO_E_NO_MEMORY;
        if (status != PORTICO_OK) {
            if (status == PORTICO_E_LIMIT) {
                snprintf(why, IMAGE_WHY_MAX, "%d modules take part in %s, which is the most there can be",
                         LAYOUT_PARTS_MAX, r->name);
            }
            withdraw(m, r);
            return status;
        }
    }
    for (const registered_type *r = m->registry->types; r != NULL; r = r->next) {
        if (!r->owned) {
            sync_sessions(session_type_find(r->name));
        }
    }
    mailbox_start(m);
    return PORTICO_OK;
}

/* ---- loading ------------------------------------------------------------------------------- */

static const char *missing_requirement(const module *m) {
    for (char **r = m->required; *r != NULL; r++) {
        if (module_find(*r) == NULL) {
            return *r;
        }
    }
    return NULL;
}

static portico_status call_load(module *m) {
    module *before = module_enter(m, "load", 0, 0);
    m->loading = true;
    portico_status status = m->info->load(loader.api, m->state);
    m->loading = false;
    module_leave(before);
    return status;
}

static void call_unload(module *m) {
    if (m->info->unload != NULL) {
        module *before = module_enter(m, "unload", 0, 0);
        m->info->unload(m->state);
        module_leave(before);
    }
}

/* Lets an opened module register and publishes it. On failure the caller closes it. */
static portico_status module_start(module *m, char why[IMAGE_WHY_MAX]) {
    module *other = module_find(m->name);
    if (other != NULL) {
        snprintf(why, IMAGE_WHY_MAX, "the name is taken by %s",
                 other->file != NULL ? other->file : "a part of the host");
        return PORTICO_E_EXISTS;
    }
    const char *missing = missing_requirement(m);
    if (missing != NULL) {
        snprintf(why, IMAGE_WHY_MAX, "it requires the module %s, which is not loaded", missing);
        return PORTICO_E_DEPENDENCY;
    }
    portico_status status = mailbox_open(m, loader.port); /* before `load`, which may post to it */
    if (status != PORTICO_OK) {
        return status;
    }
    status = call_load(m);
    if (status != PORTICO_OK) {
        mailbox_close(m);
        (void)module_wait_released(m, UINT32_MAX);
        snprintf(why, IMAGE_WHY_MAX, "its load function failed: %s", status_text(status));
        return PORTICO_E_LOAD;
    }
    status = module_table_add(m);
    if (status == PORTICO_OK) {
        status = publish(m, why);
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
    call_unload(m);
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

static void tell_loaded(const module *m) {
    log_info("modules", "%s %s is loaded from %s", m->name, m->version, m->file);
}

portico_status loader_add_builtin(const portico_module_info *info) {
    char why[IMAGE_WHY_MAX] = "";
    module *m = image_builtin(info);
    portico_status status = m != NULL ? module_start(m, why) : PORTICO_E_NO_MEMORY;
    if (status != PORTICO_OK) {
        refuse(why, status, info->name);
        if (m != NULL) {
            image_close(m);
        }
    }
    return status;
}

/* The file of the module called `name`: its section's, else the one of that name in the folder. */
static void file_of(const char *name, char *path, size_t size) {
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
        file_of(what, file, sizeof file);
    } else {
        snprintf(file, sizeof file, "%s", what);
    }
    module *m = NULL;
    portico_status status = image_open(file, &m, why);
    if (status != PORTICO_OK) {
        return refuse(why, status, what);
    }
    if (named && strcmp(m->name, what) != 0) {
        snprintf(why, IMAGE_WHY_MAX, "%.300s holds the module %s", file, m->name);
        status = PORTICO_E_INVALID;
    } else {
        status = module_start(m, why);
    }
    if (status != PORTICO_OK) {
        if (!m->stuck) {
            image_close(m);
        }
        return refuse(why, status, what);
    }
    tell_loaded(m);
    if (!open_services(m)) {
        snprintf(why, IMAGE_WHY_MAX, "%s is loaded, but a listener of its type cannot open: see the log",
                 m->name);
        return PORTICO_E_ADDRESS_IN_USE;
    }
    return PORTICO_OK;
}

/* ---- loading all --------------------------------------------------------------------------- */

/* Modules that are open and wait for what they require. */
typedef struct batch {
    module **all;
    size_t count;
} batch;

static void batch_open(batch *b, const char *file) {
    char why[IMAGE_WHY_MAX];
    module *m = NULL;
    portico_status status = image_open(file, &m, why);
    module **all = status == PORTICO_OK ? realloc(b->all, (b->count + 1) * sizeof(module *)) : NULL;
    if (all == NULL) {
        refuse(why, status != PORTICO_OK ? status : PORTICO_E_NO_MEMORY, file);
        if (m != NULL) {
            image_close(m);
        }
        return;
    }
    b->all = all;
    b->all[b->count++] = m;
}

typedef struct file_list {
    char **names;
    size_t count;
} file_list;

/* Keeps the name of a library of the folder that no section names otherwise. */
static void collect(void *arg, const char *name) {
    file_list *list = arg;
    size_t size = strlen(name);
    size_t suffix = strlen(os_library_suffix);
    if (size <= suffix || strcmp(name + size - suffix, os_library_suffix) != 0) {
        return;
    }
    char *stem = text_copy(name, size - suffix);
    char **names = stem != NULL ? realloc(list->names, (list->count + 1) * sizeof(char *)) : NULL;
    if (names == NULL) {
        free(stem);
        log_error("modules", "%s is not loaded: out of memory", name);
        return;
    }
    list->names = names;
    if (config_find_module(loader.config, stem) != NULL) {
        free(stem); /* batch_open_sections takes it */
    } else {
        list->names[list->count++] = stem;
    }
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void batch_open_folder(batch *b) {
    file_list list = {0};
    char file[4096];
    if (os_folder_list(loader.config->modules_dir, collect, &list) != PORTICO_OK) {
        log_warn("modules", "the folder %s cannot be read (system error %d): [modules] dir",
                 loader.config->modules_dir, os_error());
    }
    if (list.count > 0) {
        qsort(list.names, list.count, sizeof(char *), by_name);
    }
    for (size_t i = 0; i < list.count; i++) {
        file_of(list.names[i], file, sizeof file);
        batch_open(b, file);
        free(list.names[i]);
    }
    free(list.names);
}

static void batch_open_sections(batch *b) {
    char file[4096];
    for (size_t i = 0; i < loader.config->module_count; i++) {
        if (loader.config->modules[i].load) {
            file_of(loader.config->modules[i].name, file, sizeof file);
            batch_open(b, file);
        }
    }
}

/* Starts one module that has all it requires. False when there is none. */
static bool batch_start_one(batch *b) {
    for (size_t i = 0; i < b->count; i++) {
        module *m = b->all[i];
        if (missing_requirement(m) != NULL) {
            continue;
        }
        char why[IMAGE_WHY_MAX] = "";
        memmove(&b->all[i], &b->all[i + 1], (--b->count - i) * sizeof(module *));
        portico_status status = module_start(m, why);
        if (status == PORTICO_OK) {
            tell_loaded(m);
        } else {
            refuse(why, status, m->file);
            if (!m->stuck) {
                image_close(m);
            }
        }
        return true;
    }
    return false;
}

void loader_load_all(void) {
    batch b = {0};
    if (loader.config->modules_autoload) {
        batch_open_folder(&b);
    }
    batch_open_sections(&b);
    while (batch_start_one(&b)) {
    }
    for (size_t i = 0; i < b.count; i++) {
        char why[IMAGE_WHY_MAX];
        snprintf(why, sizeof why, "it requires the module %s, which is not loaded",
                 missing_requirement(b.all[i]));
        refuse(why, PORTICO_E_DEPENDENCY, b.all[i]->file);
        image_close(b.all[i]);
    }
    free(b.all);
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
    call_unload(m);
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
    if (m->info->stopping != NULL) {
        module *before = module_enter(m, "stopping", 0, 0);
        m->info->stopping(m->state);
        module_leave(before);
    }
    withdraw(m, NULL);
    if (!module_end(m)) {
        snprintf(why, IMAGE_WHY_MAX,
                 "a handler of %s has not returned for %u ms: the module stays, its sessions are closed",
                 name, 2 * loader.config->stop_timeout_ms);
        log_error("modules", "%s is not unloaded: %s", name, why);
        char again[IMAGE_WHY_MAX];
        if (publish(m, again) == PORTICO_OK) {
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
        module *m = list.all[list.count];
        if (m->info->stopping != NULL) {
            module *before = module_enter(m, "stopping", 0, 0);
            m->info->stopping(m->state);
            module_leave(before);
        }
    }
    free(list.all);
}

void loader_unload_all(void) {
    module_list list = list_modules();
    while (list.count-- > 0) {
        module *m = list.all[list.count];
        withdraw(m, NULL);
        if (module_end(m)) {
            log_debug("modules", "%s is unloaded", m->name);
            image_close(m);
        }
    }
    free(list.all);
}

/* ---- inspect ------------------------------------------------------------------------------- */

static void print_messages(FILE *to, const char *indent, const registered_message *table) {
    for (const registered_message *m = table; m != NULL; m = m->hh.next) {
        fprintf(to, "%smessage    %u\n", indent, m->id);
    }
}

static void print_type(FILE *to, const registered_type *t) {
    fprintf(to, "type         %s%s, state %u bytes, version %u\n", t->name, t->owned ? "" : " (joined)",
            t->state_size, t->state_version);
    fprintf(to, "  calls     %s%s%s%s\n", t->on_open != NULL ? " on_open" : "",
            t->on_packet != NULL ? " on_packet" : "", t->on_close != NULL ? " on_close" : "",
            t->on_watermark != NULL ? " on_watermark" : "");
    for (const registered_handler *h = t->handlers; h != NULL; h = h->hh.next) {
        fprintf(to, "  opcode     %u\n", h->opcode);
    }
    print_messages(to, "  ", t->messages);
}

static void print_room(FILE *to, const registered_room *r) {
    fprintf(to, "room type    %s, state %u bytes, version %u, members %u\n", r->name, r->state_size,
            r->state_version, r->max_members);
    fprintf(to, "  calls     %s%s%s%s\n", r->on_open != NULL ? " on_open" : "",
            r->on_join != NULL ? " on_join" : "", r->on_leave != NULL ? " on_leave" : "",
            r->on_close != NULL ? " on_close" : "");
    print_messages(to, "  ", r->messages);
}

static void print_module(FILE *to, const module *m) {
    fprintf(to, "module       %s\n", m->name);
    fprintf(to, "version      %s\n", m->version);
    if (m->info->description != NULL) {
        fprintf(to, "description  %s\n", m->info->description);
    }
    fprintf(to, "abi          %u.%u (this host: %u.%u)\n", m->info->abi_major, m->info->abi_minor,
            PORTICO_ABI_MAJOR, PORTICO_ABI_MINOR);
    fprintf(to, "file         %s\n", m->file);
    for (char **r = m->required; *r != NULL; r++) {
        fprintf(to, "requires     %s\n", *r);
    }
    fprintf(to, "state        %u bytes, version %u\n", m->info->state_size, m->info->state_version);
    for (const registered_type *t = m->registry->types; t != NULL; t = t->next) {
        print_type(to, t);
    }
    for (const registered_room *r = m->registry->rooms; r != NULL; r = r->next) {
        print_room(to, r);
    }
    print_messages(to, "", m->registry->messages);
    for (const registered_blocking *b = m->registry->blocking; b != NULL; b = b->hh.next) {
        fprintf(to, "blocking     %u\n", b->id);
    }
}

portico_status loader_inspect(const char *file, FILE *to, char why[IMAGE_WHY_MAX]) {
    module *m = NULL;
    loader.api = host_api(NULL);
    portico_status status = image_open(file, &m, why);
    if (status != PORTICO_OK) {
        if (why[0] == '\0') {
            snprintf(why, IMAGE_WHY_MAX, "%s", status_text(status));
        }
        return status;
    }
    m->inspected = true;
    status = call_load(m);
    if (status == PORTICO_OK) {
        print_module(to, m);
        call_unload(m);
    } else {
        snprintf(why, IMAGE_WHY_MAX, "its load function failed: %s", status_text(status));
    }
    image_close(m);
    return status;
}

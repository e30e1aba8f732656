/* load.c: see load.h. The bytes are read (file.c), the keys set (draft.c) and compared with each
 * other (check.c), and the faults reported (fault.c).
 */
#include "config/load.h"

#include "base/text.h"
#include "config/check.h"
#include "config/draft.h"
#include "config/file.h"
#include "config/profile.h"
#include "config/schema.h"
#include "config/value.h"

#include <stdlib.h>
#include <string.h>

/* The settings of [admin] that are not in the ini. */
static void set_admin(config_service *admin) {
    static char ciphers[] = CONFIG_TLS_CIPHERS;
    memcpy(admin->name, "admin", sizeof "admin");
    admin->listen.backlog = 64;
    admin->listen.reuse_address = true;
    admin->tls.ciphers = ciphers;
}

/* `path` up to and including its last separator. */
static char *folder_of(const char *path) {
    size_t size = strlen(path);
    while (size > 0 && path[size - 1] != '/' && path[size - 1] != '\\') {
        size--;
    }
    return text_copy(path, size);
}

/* Begins a configuration with the defaults of all sections without a NAME. */
static bool draft_begin(config_draft *draft, const char *path) {
    static const config_section unnamed[] = {CONFIG_SECTION_HOST, CONFIG_SECTION_LOG,
                                             CONFIG_SECTION_ADMIN, CONFIG_SECTION_MODULES};
    draft->config = calloc(1, sizeof *draft->config);
    draft->folder = folder_of(path);
    if (draft->config == NULL || draft->folder == NULL) {
        return false;
    }
    draft->config->path = text_copy(path, strlen(path));
    set_admin(&draft->config->admin);
    set_admin(&draft->config->admin_http);
    for (size_t i = 0; i < sizeof unnamed / sizeof unnamed[0]; i++) {
        if (!draft_set_defaults(draft, unnamed[i], draft->config)) {
            return false;
        }
    }
    return draft->config->path != NULL;
}

static size_t count_lines(const draft_section *section) {
    size_t count = 0;
    for (size_t i = 0; i < CONFIG_KEYS_MAX; i++) {
        count += section->key_lines[i] != 0;
    }
    return count;
}

/* Keeps the line of every key that is set. The structs no longer move. */
static bool keep_lines(config_draft *draft) {
    config *c = draft->config;
    size_t count;
    const config_key *keys = config_keys(&count);
    size_t lines = 0;
    for (size_t i = 0; i < draft->section_count; i++) {
        lines += count_lines(&draft->sections[i]);
    }
    c->marks = malloc((lines + 1) * sizeof *c->marks);
    if (c->marks == NULL) {
        return false;
    }
    for (size_t i = 0; i < draft->section_count; i++) {
        const draft_section *section = &draft->sections[i];
        const char *base = draft_base(draft, section);
        for (size_t k = 0; k < count; k++) {
            if (section->key_lines[k] != 0) {
                c->marks[c->mark_count++] =
                    (config_mark){base + keys[k].offset, section->key_lines[k]};
            }
        }
    }
    return true;
}

enum { FROZEN_TIMEOUT_S = 30 };

/* Fills in what depends on another key. */
static void resolve_faults(config *c) {
    if (c->modules_frozen_timeout_s < 0) {
        c->modules_frozen_timeout_s = c->modules_watch ? 0 : FROZEN_TIMEOUT_S;
    }
    for (size_t i = 0; i < c->module_count; i++) {
        config_module *m = &c->modules[i];
        m->on_fault = m->on_fault == CONFIG_FAULT_DEFAULT ? c->modules_on_fault : m->on_fault;
        m->hang_ms = m->hang_ms < 0 ? (int32_t)c->modules_hang_ms : m->hang_ms;
    }
}

/* A port alone means TCP on the loopback address. Before the checks. False: out of memory. */
static bool resolve_admin(config_draft *draft) {
    static const char loopback[] = "127.0.0.1";
    config_service *admin = &draft->config->admin;
    int port = schema_find(CONFIG_SECTION_ADMIN, "port");
    for (size_t i = 0; i < draft->section_count; i++) {
        const draft_section *section = &draft->sections[i];
        if (section->kind == CONFIG_SECTION_ADMIN && section->key_lines[port] != 0 &&
            admin->address == NULL) {
            admin->address = text_copy(loopback, sizeof loopback - 1);
            return admin->address != NULL;
        }
    }
    return true;
}

/* WebSocket has a framing of its own. Before the checks. */
static void resolve_transports(config_draft *draft) {
    for (size_t i = 0; i < draft->section_count; i++) {
        const draft_section *section = &draft->sections[i];
        if (section->kind != CONFIG_SECTION_LISTENER && section->kind != CONFIG_SECTION_CONNECTOR) {
            continue;
        }
        config_service *s = draft_base(draft, section);
        if (s->transport == CONFIG_TRANSPORT_WEBSOCKET) {
            s->framing = s->outgoing ? FRAME_WEBSOCKET_CLIENT : FRAME_WEBSOCKET;
        }
    }
}

/* Fills in what the file leaves to the host. */
static void resolve(config_draft *draft) {
    config *c = draft->config;
    uint32_t processors = os_cpu_count();
    resolve_faults(c);
    if (c->workers == 0) {
        c->workers = processors == 0 ? 1 : processors > 256 ? 256 : processors;
    }
    for (size_t i = 0; i < draft->section_count; i++) {
        if (draft->sections[i].kind == CONFIG_SECTION_ADMIN) {
            c->admin.line = draft->sections[i].line;
        }
    }
}

/* Turns the bytes into a checked config in draft->config. */
static portico_status draft_read(config_draft *draft, const char *bytes, size_t size) {
    static const config_events events = {draft_begin_section, draft_set_pair, draft_lose_line};
    config_faults *faults = draft->faults;
    if (!draft_begin(draft, faults->path) ||
        config_file_parse(faults, bytes, size, &events, draft) != PORTICO_OK) {
        faults->no_memory = true;
    }
    if (faults->no_memory) {
        return PORTICO_E_NO_MEMORY; /* checking on would blame the file for what is missing */
    }
    if (!profiles_apply(draft) || !resolve_admin(draft)) {
        faults->no_memory = true;
        return PORTICO_E_NO_MEMORY;
    }
    resolve_transports(draft);
    config_check(draft);
    resolve(draft);
    faults->no_memory = faults->no_memory || !keep_lines(draft);
    if (faults->no_memory) {
        return PORTICO_E_NO_MEMORY;
    }
    return faults->found > 0 ? PORTICO_E_INVALID : PORTICO_OK;
}

portico_status config_parse(const char *path, const char *bytes, size_t size, config_report report,
                            void *arg, const config **result) {
    config_faults faults = {.path = path};
    config_draft draft = {.faults = &faults};
    portico_status status = draft_read(&draft, bytes, size);
    fault_report(&faults, report, arg);
    fault_free(&faults);
    free(draft.folder);
    free(draft.sections);
    if (status != PORTICO_OK) {
        config_free(draft.config);
        draft.config = NULL;
    }
    *result = draft.config;
    return status;
}

portico_status config_load(const char *path, config_report report, void *arg,
                           const config **result) {
    config_faults faults = {.path = path};
    char *bytes = NULL;
    size_t size = 0;
    *result = NULL;
    portico_status status = config_file_read(&faults, &bytes, &size);
    if (status != PORTICO_OK) {
        faults.no_memory = faults.no_memory || status == PORTICO_E_NO_MEMORY;
        fault_report(&faults, report, arg);
        fault_free(&faults);
        return status;
    }
    status = config_parse(path, bytes, size, report, arg, result);
    free(bytes);
    return status;
}

/* Frees the values of the keys of `section` in `base`. */
static void free_fields(config_section section, void *base) {
    size_t count;
    const config_key *keys = config_keys(&count);
    for (size_t i = 0; i < count; i++) {
        if (schema_in_section(i, section)) {
            value_free(&keys[i], base);
        }
    }
}

static void free_module(config_module *module) {
    for (size_t i = 0; i < module->pair_count; i++) {
        free(module->pairs[i].key);
        free(module->pairs[i].value);
    }
    free(module->pairs);
    free_fields(CONFIG_SECTION_MODULE, module);
}

void config_free(const config *loaded) {
    config *c = (config *)(uintptr_t)loaded; /* immutable for everyone else */
    if (c == NULL) {
        return;
    }
    for (size_t i = 0; i < c->listener_count; i++) {
        free_fields(CONFIG_SECTION_LISTENER, &c->listeners[i]);
    }
    for (size_t i = 0; i < c->connector_count; i++) {
        free_fields(CONFIG_SECTION_CONNECTOR, &c->connectors[i]);
    }
    for (size_t i = 0; i < c->module_count; i++) {
        free_module(&c->modules[i]);
    }
    free_fields(CONFIG_SECTION_HOST, c);
    free_fields(CONFIG_SECTION_LOG, c);
    free_fields(CONFIG_SECTION_ADMIN, c);
    free_fields(CONFIG_SECTION_MODULES, c);
    free(c->listeners);
    free(c->connectors);
    free(c->modules);
    free(c->marks);
    free(c->path);
    free(c);
}

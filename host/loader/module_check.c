/* module_check.c: see module_check.h. */
#include "loader/module_check.h"

#include "base/suggest.h"
#include "base/system_text.h"
#include "base/text.h"
#include "loader/module_survey.h"
#include "module/settings.h"

#include <stdio.h>
#include <string.h>

typedef struct module_check {
    module_survey survey;
    config_faults *faults;
    config_faults *notes;
} module_check;

/* The line of the ini that loads a module, for a message. */
typedef struct origin {
    uint32_t line;
    char label[CONFIG_NAME_MAX + 16];
} origin;

static origin origin_of(const module_check *k, const surveyed_module *m) {
    const config *c = k->survey.config;
    origin o = {.line = config_line(c, &c->modules_dir), .label = "[modules] dir"};
    if (m->section != NULL) {
        uint32_t line = config_line(c, &m->section->file);
        o.line = line != 0 ? line : m->section->line;
        (void)snprintf(o.label, sizeof o.label, "[module %s]", m->section->name);
    }
    return o;
}

/* ---- finding modules ------------------------------------------------------------------------- */

/* The first module of that name that is loaded at the start, or (`later`) may be loaded later. */
static const surveyed_module *find_module(const module_check *k, const char *name, bool later) {
    for (size_t i = 0; i < k->survey.count; i++) {
        const surveyed_module *m = &k->survey.all[i];
        if ((m->loads || later) && strcmp(surveyed_name(m), name) == 0) {
            return m;
        }
    }
    return NULL;
}

/* Whether nothing certain can be said of what is loaded: a module does not tell its name, or was
 * not even found. */
static bool names_unknown(const module_check *k) {
    for (size_t i = 0; i < k->survey.count; i++) {
        const surveyed_module *m = &k->survey.all[i];
        if (m->loads && m->finding != MODULE_DESCRIBED) {
            return true;
        }
    }
    return k->survey.folder != PORTICO_OK && k->survey.config->modules_autoload;
}

static const char *nearest_module(const module_check *k, const char *name) {
    suggest near = suggest_begin(name);
    for (size_t i = 0; i < k->survey.count; i++) {
        suggest_offer(&near, surveyed_name(&k->survey.all[i]));
    }
    for (size_t i = 0; i < k->survey.files.count; i++) {
        suggest_offer(&near, k->survey.files.names[i]);
    }
    return suggest_result(&near);
}

/* "; did you mean NAME?", or "". */
typedef struct hint {
    char text[128];
} hint;

static hint hint_of(const char *before, const char *name, const char *after) {
    hint h = {""};
    if (name != NULL) {
        (void)snprintf(h.text, sizeof h.text, "; did you mean %s%s%s?", before, name, after);
    }
    return h;
}

/* ---- files ----------------------------------------------------------------------------------- */

static void check_folder(module_check *k) {
    const config *c = k->survey.config;
    if (k->survey.folder != PORTICO_OK && c->modules_autoload) {
        fault_add(k->faults, config_line(c, &c->modules_dir),
                  "[modules] dir = %s: the folder cannot be read (%s); create it, name another "
                  "one, or set autoload = no",
                  c->modules_dir, system_text(k->survey.folder_error));
    }
}

static void tell_missing(module_check *k, const surveyed_module *m) {
    const config_module *section = m->section;
    if (section == NULL) {
        return; /* it was deleted after the folder was read */
    }
    if (section->file != NULL) {
        fault_add(k->faults, config_line(k->survey.config, &section->file),
                  "[module %s] file = %s: there is no such file", section->name, section->file);
        return;
    }
    suggest near = suggest_begin(section->name);
    for (size_t i = 0; i < k->survey.files.count; i++) {
        suggest_offer(&near, k->survey.files.names[i]);
    }
    fault_add(k->faults, section->line,
              "[module %s]: there is no %s; build it, or say where it is by file =%s",
              section->name, m->path, hint_of("[module ", suggest_result(&near), "]").text);
}

static void check_file(module_check *k, const surveyed_module *m) {
    const origin o = origin_of(k, m);
    switch (m->finding) {
    case MODULE_MISSING: tell_missing(k, m); break;
    case MODULE_REFUSED:
        fault_add(k->faults, o.line, "%s: %s cannot be loaded: %s%s", o.label, m->path, m->why,
                  m->section == NULL ? "; build it again, or remove it from the folder" : "");
        break;
    case MODULE_UNCERTAIN:
        fault_add(k->notes, o.line, "%s: %s is not checked: %s", o.label, m->path, m->why);
        break;
    case MODULE_DESCRIBED: break;
    }
}

/* ---- a described module ---------------------------------------------------------------------- */

static void check_name(module_check *k, const surveyed_module *m) {
    const char *name = surveyed_name(m);
    const origin o = origin_of(k, m);
    const surveyed_module *first = find_module(k, name, false);
    if (first != m) {
        fault_add(k->faults, o.line, "%s: %s cannot be loaded: the module %s comes from %s already",
                  o.label, m->path, name, first->path);
    }
    if (m->section != NULL && m->section->pair_count > 0 && strcmp(m->section->name, name) != 0) {
        fault_add(k->faults, m->section->pairs[0].line,
                  "[module %s] %s: this is no key of the module %s, which %s is: move it to "
                  "[module %s]",
                  m->section->name, m->section->pairs[0].key, name, m->path, name);
    }
}

static void check_required(module_check *k, const surveyed_module *m) {
    const origin o = origin_of(k, m);
    for (char *const *r = m->generation->required; *r != NULL; r++) {
        if (find_module(k, *r, false) != NULL || names_unknown(k)) {
            continue;
        }
        const char *meant = nearest_module(k, *r);
        bool there = meant != NULL && strcmp(meant, *r) == 0;
        fault_add(k->faults, o.line,
                  "%s: the module %s requires the module %s, which nothing loads%s%s%s%s", o.label,
                  surveyed_name(m), *r, there ? ": add [module " : "", there ? *r : "",
                  there ? "], or set load = yes there" : "",
                  there ? "" : hint_of("", meant, "").text);
    }
}

static void add_setting_fault(void *arg, uint32_t line, const char *text) {
    fault_add(arg, line, "%s", text);
}

static void check_settings(module_check *k, const surveyed_module *m) {
    const config_module *section = config_find_module(k->survey.config, surveyed_name(m));
    (void)settings_check(&m->generation->info.settings, section, add_setting_fault, k->faults);
}

/* ---- session types --------------------------------------------------------------------------- */

static const registered_type *find_type(const surveyed_module *m, const char *name) {
    for (const registered_type *t = m->generation->registry->types; t != NULL; t = t->next) {
        if (t->owned && strcmp(t->name, name) == 0) {
            return t;
        }
    }
    return NULL;
}

/* Suggests a type in place of one that its module does not have: a similar one, or all of them. */
static void suggest_type(const surveyed_module *m, const char *name, char *text, size_t size) {
    suggest near = suggest_begin(name);
    const registered_type *types = m->generation->registry->types;
    for (const registered_type *t = types; t != NULL; t = t->next) {
        if (t->owned) {
            suggest_offer(&near, t->name);
        }
    }
    if (suggest_result(&near) != NULL) {
        (void)snprintf(text, size, "did you mean %s?", suggest_result(&near));
        return;
    }
    size_t used = (size_t)snprintf(text, size, "it has ");
    size_t before = used;
    for (const registered_type *t = types; t != NULL && used + 2 < size; t = t->next) {
        if (t->owned) {
            used += (size_t)snprintf(text + used, size - used, "%s%s", used > before ? ", " : "",
                                     t->name);
        }
    }
    if (used == before) {
        (void)snprintf(text + used, size - used, "none");
    }
}

/* Adds a fault that begins with `what` unless a module has the session type, or may have it. */
static void check_type(module_check *k, const char *type, uint32_t line, const char *what) {
    const config *c = k->survey.config;
    char module[TEXT_IDENTIFIER_MAX];
    char hints[300];
    (void)snprintf(module, sizeof module, "%.*s", (int)strcspn(type, "."), type);
    const surveyed_module *m = find_module(k, module, true);
    if (m != NULL && m->finding == MODULE_DESCRIBED) {
        if (find_type(m, type) == NULL) {
            suggest_type(m, type, hints, sizeof hints);
            fault_add(k->faults, line, "%s: the module %s has no such session type; %s", what,
                      module, hints);
        }
        return;
    }
    if (m != NULL || names_unknown(k)) {
        return;
    }
    if (module_files_have(&k->survey.files, module)) {
        fault_add(k->faults, line,
                  "%s: nothing loads the module %s: add [module %s], or set [modules] autoload = "
                  "yes",
                  what, module, module);
        return;
    }
    fault_add(k->faults, line, "%s: there is no module %s: neither %s%s in %s, nor [module %s]%s",
              what, module, module, os_library_suffix, c->modules_dir, module,
              hint_of("", nearest_module(k, module), "").text);
}

static void check_service(module_check *k, const config_service *service) {
    const config *c = k->survey.config;
    char what[300];
    (void)snprintf(what, sizeof what, "[%s %s] type = %s",
                   service->outgoing ? "connector" : "listener", service->name, service->type);
    check_type(k, service->type, config_line(c, &service->type), what);
}

/* The types of other modules that it joins. */
static void check_joined(module_check *k, const surveyed_module *m) {
    char what[400];
    const origin o = origin_of(k, m);
    for (const registered_type *t = m->generation->registry->types; t != NULL; t = t->next) {
        if (!t->owned) {
            (void)snprintf(what, sizeof what, "%s: the module %s joins the session type %s",
                           o.label, surveyed_name(m), t->name);
            check_type(k, t->name, o.line, what);
        }
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void check_modules(module_check *k) {
    for (size_t i = 0; i < k->survey.count; i++) {
        const surveyed_module *m = &k->survey.all[i];
        if (m->loads) {
            check_file(k, m);
        }
        if (m->finding != MODULE_DESCRIBED) {
            continue;
        }
        check_settings(k, m);
        if (m->loads) {
            check_name(k, m);
            check_required(k, m);
            check_joined(k, m);
        }
    }
}

uint32_t modules_check(const config *c, config_faults *faults, config_faults *notes) {
    module_check k = {.faults = faults, .notes = notes};
    if (module_survey_take(&k.survey, c)) {
        check_folder(&k);
        check_modules(&k);
        for (size_t i = 0; i < c->listener_count + c->connector_count; i++) {
            check_service(&k, i < c->listener_count ? &c->listeners[i]
                                                    : &c->connectors[i - c->listener_count]);
        }
    } else {
        faults->no_memory = true;
    }
    uint32_t loads = 0;
    for (size_t i = 0; i < k.survey.count; i++) {
        loads += k.survey.all[i].loads;
    }
    module_survey_free(&k.survey);
    return loads;
}

/* module_check.c: see module_check.h.
 *
 * A module says its own name, and that needs its code. But a library whose bytes nowhere contain a
 * text cannot have it as its name, nor export it: what is reported is certain.
 */
#include "loader/module_check.h"

#include "base/suggest.h"
#include "base/system_text.h"
#include "base/text.h"
#include "loader/module_files.h"

#include <portico/portico.h>

#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 4096, WHY_BYTES = 300 };

typedef struct module_survey {
    const config *config;
    config_faults *faults;
    module_files files;
    bool folder_unknown; /* modules would come from it, but it cannot be read: that is reported */
} module_survey;

/* ---- files ---- */

/* Whether the text, its zero included, occurs in the file. True as well if the file cannot be read:
 * then nothing is certain. */
static bool file_contains(const char *path, const char *text) {
    char bytes[16 * 1024];
    size_t size = strlen(text) + 1;
    size_t kept = 0;
    bool found = false;
    FILE *file = os_fopen(path, "rb");
    if (file == NULL) {
        return true;
    }
    size_t count;
    while (!found && (count = fread(bytes + kept, 1, sizeof bytes - kept, file)) > 0) {
        count += kept;
        for (const char *at = bytes; !found && (size_t)(at - bytes) + size <= count; at++) {
            at = memchr(at, text[0], count - size + 1 - (size_t)(at - bytes));
            if (at == NULL) {
                break;
            }
            found = memcmp(at, text, size) == 0;
        }
        kept =
            count < size - 1 ? count : size - 1; /* a text may begin at the end of what was read */
        memmove(bytes, bytes + count - kept, kept);
    }
    found = found || ferror(file) != 0;
    fclose(file);
    return found;
}

/* Whether a host could load the file; writes the reason otherwise. */
static bool is_module(const char *path, char why[WHY_BYTES]) {
    portico_status status = os_library_check(path, why, WHY_BYTES);
    if (status == PORTICO_OK && !file_contains(path, PORTICO_MODULE_SYMBOL)) {
        snprintf(why, WHY_BYTES, "it exports no %s: is it a module?", PORTICO_MODULE_SYMBOL);
        return false;
    }
    return status == PORTICO_OK;
}

static void check_folder(module_survey *s) {
    const config *c = s->config;
    portico_status status = module_files_list(c, &s->files);
    if (status == PORTICO_E_NO_MEMORY) {
        s->faults->no_memory = true;
    }
    s->folder_unknown = status != PORTICO_OK && c->modules_autoload;
    if (s->folder_unknown) {
        fault_add(
            s->faults, config_line(c, &c->modules_dir),
            "[modules] dir = %s: the folder cannot be read (%s); create it, name another one, or "
            "set "
            "autoload = no",
            c->modules_dir, system_text(os_error()));
    }
}

static void check_found(module_survey *s, const char *name) {
    const config *c = s->config;
    char path[PATH_BYTES];
    char why[WHY_BYTES] = "";
    if (config_find_module(c, name) != NULL) {
        return; /* check_section */
    }
    module_file_path(c, name, path, sizeof path);
    if (!is_module(path, why)) {
        fault_add(
            s->faults, config_line(c, &c->modules_dir),
            "[modules] dir: %s cannot be loaded: %s; build it again, or remove it from the folder",
            path, why);
    }
}

static void check_section(module_survey *s, const config_module *section) {
    const config *c = s->config;
    char path[PATH_BYTES];
    char why[WHY_BYTES] = "";
    os_file_info info;
    uint32_t line = config_line(c, &section->file);
    if (!section->load) {
        return; /* the file may come later, before `portico ctl load` */
    }
    module_file_path(c, section->name, path, sizeof path);
    if (os_file_look(path, &info) != PORTICO_E_NOT_FOUND) {
        if (!is_module(path, why)) {
            fault_add(s->faults, line != 0 ? line : section->line,
                      "[module %s]: %s cannot be loaded: %s", section->name, path, why);
        }
    } else if (section->file != NULL) {
        fault_add(s->faults, line, "[module %s] file = %s: there is no such file", section->name,
                  section->file);
    } else {
        suggest near = suggest_begin(section->name);
        for (size_t i = 0; i < s->files.count; i++) {
            suggest_offer(&near, s->files.names[i]);
        }
        const char *meant = suggest_result(&near);
        fault_add(s->faults, section->line,
                  "[module %s]: there is no %s; build it, or say where it is by file =%s%s%s",
                  section->name, path, meant != NULL ? "; did you mean [module " : "",
                  meant != NULL ? meant : "", meant != NULL ? "]?" : "");
    }
}

/* ---- types ---- */

/* Whether one of the files that are loaded may hold a module of that name. A file that contains its
 * own name holds the module that it is called after, and only that. */
static bool may_be_inside(const module_survey *s, const char *module) {
    const config *c = s->config;
    char path[PATH_BYTES];
    for (size_t i = 0; c->modules_autoload && i < s->files.count; i++) {
        const char *name = s->files.names[i];
        module_file_path(c, name, path, sizeof path);
        if (config_find_module(c, name) == NULL && file_contains(path, module) &&
            !file_contains(path, name)) {
            return true;
        }
    }
    for (size_t i = 0; i < c->module_count; i++) {
        module_file_path(c, c->modules[i].name, path, sizeof path);
        if (c->modules[i].load && file_contains(path, module) &&
            !file_contains(path, c->modules[i].name)) {
            return true;
        }
    }
    return false;
}

static const char *nearest_module(const module_survey *s, const char *module) {
    suggest near = suggest_begin(module);
    for (size_t i = 0; i < s->files.count; i++) {
        suggest_offer(&near, s->files.names[i]);
    }
    for (size_t i = 0; i < s->config->module_count; i++) {
        suggest_offer(&near, s->config->modules[i].name);
    }
    return suggest_result(&near);
}

static void check_type(module_survey *s, const config_service *service) {
    const config *c = s->config;
    char module[TEXT_IDENTIFIER_MAX];
    snprintf(module, sizeof module, "%.*s", (int)strcspn(service->type, "."), service->type);
    bool found = module_files_have(&s->files, module);
    if (config_find_module(c, module) != NULL || (found && c->modules_autoload) ||
        s->folder_unknown || may_be_inside(s, module)) {
        return;
    }
    const char *word = service->outgoing ? "connector" : "listener";
    uint32_t line = config_line(c, &service->type);
    if (found) {
        fault_add(
            s->faults, line,
            "[%s %s] type = %s: nothing loads the module %s: add [module %s], or set [modules] "
            "autoload = yes",
            word, service->name, service->type, module, module);
        return;
    }
    const char *meant = nearest_module(s, module);
    fault_add(s->faults, line,
              "[%s %s] type = %s: there is no module %s: neither %s%s in %s, nor [module %s]%s%s%s",
              word, service->name, service->type, module, module, os_library_suffix, c->modules_dir,
              module, meant != NULL ? "; did you mean " : "", meant != NULL ? meant : "",
              meant != NULL ? "?" : "");
}

void modules_check(const config *c, const char *builtin_type, config_faults *faults) {
    module_survey s = {.config = c, .faults = faults};
    check_folder(&s);
    for (size_t i = 0; c->modules_autoload && i < s.files.count; i++) {
        check_found(&s, s.files.names[i]);
    }
    for (size_t i = 0; i < c->module_count; i++) {
        check_section(&s, &c->modules[i]);
    }
    for (size_t i = 0; i < c->listener_count + c->connector_count; i++) {
        const config_service *service =
            i < c->listener_count ? &c->listeners[i] : &c->connectors[i - c->listener_count];
        if (!c->admin_enabled || strcmp(service->type, builtin_type) != 0) {
            check_type(&s, service);
        }
    }
    module_files_free(&s.files);
}

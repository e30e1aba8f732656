/* module_survey.c: see module_survey.h. */
#include "loader/module_survey.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

/* Applies the loader's own rules to what the file says. False: out of memory. */
static bool describe_file(surveyed_module *m) {
    m->generation = calloc(1, sizeof *m->generation);
    if (m->generation == NULL) {
        return false;
    }
    portico_status status = image_describe(m->generation, &m->description.entry, m->why);
    if (status != PORTICO_OK) {
        generation_free(m->generation);
        m->generation = NULL;
        /* The module may still change what it can write. */
        m->finding = m->description.constant ? MODULE_REFUSED : MODULE_UNCERTAIN;
        return status != PORTICO_E_NO_MEMORY;
    }
    m->finding = MODULE_DESCRIBED;
    return true;
}

static bool read_file(surveyed_module *m) {
    char why[DESCRIPTION_WHY_MAX] = "";
    os_file_info info;
    if (os_file_look(m->path, &info) == PORTICO_E_NOT_FOUND) {
        m->finding = MODULE_MISSING;
        return true;
    }
    m->finding = MODULE_REFUSED;
    if (os_library_check(m->path, m->why, sizeof m->why) != PORTICO_OK) {
        return true;
    }
    description_result result = description_read(m->path, &m->description, why);
    (void)snprintf(m->why, sizeof m->why, "%s", why);
    if (result == DESCRIPTION_READ) {
        return describe_file(m);
    }
    m->finding = result == DESCRIPTION_AT_RUN_TIME ? MODULE_UNCERTAIN : MODULE_REFUSED;
    return result != DESCRIPTION_NO_MEMORY;
}

static bool add_file(module_survey *s, const char *stem, const config_module *section) {
    char path[PATH_BYTES];
    module_file_path(s->config, stem, path, sizeof path);
    surveyed_module *m = &s->all[s->count++];
    *m = (surveyed_module){.stem = stem,
                           .section = section,
                           .loads = section == NULL || section->load,
                           .path = text_copy(path, strlen(path))};
    return m->path != NULL && read_file(m);
}

bool module_survey_take(module_survey *s, const config *c) {
    *s = (module_survey){.config = c};
    s->folder = module_files_list(c, &s->files);
    s->folder_error = os_error();
    s->all = calloc(s->files.count + c->module_count + 1, sizeof *s->all);
    bool taken = s->folder != PORTICO_E_NO_MEMORY && s->all != NULL;
    for (size_t i = 0; taken && c->modules_autoload && i < s->files.count; i++) {
        if (config_find_module(c, s->files.names[i]) == NULL) {
            taken = add_file(s, s->files.names[i], NULL);
        }
    }
    for (size_t i = 0; taken && i < c->module_count; i++) {
        taken = add_file(s, c->modules[i].name, &c->modules[i]);
    }
    return taken;
}

void module_survey_free(module_survey *s) {
    for (size_t i = 0; i < s->count; i++) {
        if (s->all[i].generation != NULL) {
            generation_free(s->all[i].generation);
        }
        description_free(&s->all[i].description);
        free(s->all[i].path);
    }
    free(s->all);
    module_files_free(&s->files);
    *s = (module_survey){0};
}

const char *surveyed_name(const surveyed_module *m) {
    return m->generation != NULL ? m->generation->name : m->stem;
}

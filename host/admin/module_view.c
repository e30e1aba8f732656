/* module_view.c: see module_view.h. Under the lock of the table of modules it copies
 * what can change and takes holds on the generations. A generation itself does not change. */
#include "admin/module_view.h"

#include "base/text.h"
#include "loader/inspect_json.h"
#include "loader/loader.h"
#include "module/fault_report.h"
#include "module/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULTS_SHOWN = 20, FILE_SHOWN = 1024, GENERATIONS = 2 };

typedef struct module_view {
    const char *name; /* that is looked for */
    bool found;
    char file[FILE_SHOWN]; /* what a swap loads */
    uint32_t sessions;
    uint32_t swaps;
    uint64_t pause_ns;
    char outcome[OUTCOME_MAX];
    bool frozen;
    uint32_t generation_count;
    struct {
        generation *is; /* held */
        uint64_t since_ms;
        uint32_t number;
    } generations[GENERATIONS]; /* the one that serves, and the one to roll back to */
} module_view;

static void take_generation(module_view *v, generation *g) {
    generation_hold(g);
    v->generations[v->generation_count].is = g;
    v->generations[v->generation_count].since_ms = g->since_ms;
    v->generations[v->generation_count].number = g->number;
    v->generation_count++;
}

static void take(void *arg, module *m) {
    module_view *v = arg;
    if (v->found || strcmp(m->name, v->name) != 0) {
        return;
    }
    v->found = true;
    snprintf(v->file, sizeof v->file, "%s", m->file);
    v->sessions = atomic_load(&m->sessions);
    v->swaps = m->swaps;
    v->pause_ns = m->pause_ns;
    v->frozen = gate_is_frozen(&m->gate);
    memcpy(v->outcome, m->outcome, sizeof v->outcome);
    take_generation(v, module_generation(m));
    if (m->previous != NULL) {
        take_generation(v, m->previous);
    }
}

/* ---- generations ----------------------------------------------------------------------------- */

static void add_generation(lines *to, const module_view *v, uint32_t index) {
    json *j = lines_object(to);
    const generation *g = v->generations[index].is;
    char built[TEXT_TIME];
    char since[TEXT_TIME];
    bool faulted = atomic_load(&g->faulted);
    text_time(g->built_ms, 'T', built);
    text_time(v->generations[index].since_ms, 'T', since);
    if (j == NULL) {
        lines_add(to, "generation %u %s %s built %s since %s states %u file %s%s",
                  v->generations[index].number, g->version, index == 0 ? "serves" : "kept", built,
                  since, atomic_load(&g->states), g->file, faulted ? " faulted" : "");
        return;
    }
    json_begin(j, NULL, '{');
    json_number(j, "generation", v->generations[index].number);
    json_text(j, "version", g->version);
    json_bool(j, "serves", index == 0);
    json_text(j, "file", g->file);
    json_text(j, "built", built);
    json_text(j, "since", since);
    json_number(j, "states", atomic_load(&g->states));
    json_bool(j, "faulted", faulted);
    json_end(j, '}');
}

/* ---- faults ---------------------------------------------------------------------------------- */

typedef struct fault_list {
    lines *to;
    const char *module;
    uint32_t left;
} fault_list;

static void add_fault(void *arg, const char *module_name, const char *line, const char *path) {
    fault_list *f = arg;
    json *j = lines_object(f->to);
    const char *file = text_file_name(path);
    if (f->left == 0 || path[0] == '\0' || strcmp(module_name, f->module) != 0) {
        return;
    }
    f->left--;
    if (j == NULL) {
        lines_add(f->to, "fault %s file %s", line, file);
        return;
    }
    json_begin(j, NULL, '{');
    json_text(j, "text", line);
    json_text(j, "file", file);
    json_end(j, '}');
}

static void add_faults(lines *to, const char *name) {
    fault_list f = {.to = to, .module = name, .left = FAULTS_SHOWN};
    faults_each(UINT32_MAX, add_fault, &f);
}

/* ---- text ------------------------------------------------------------------------------------ */

static void add_settings(lines *to, const generation *g, const config_module *section) {
    for (uint32_t i = 0; i < g->info.settings.count; i++) {
        const portico_setting s = setting_at(&g->info.settings, i);
        lines_add(to, "setting %s = %s default %s%s%s", s.key, settings_text(section, &s),
                  s.fallback, s.help != NULL ? ": " : "", s.help != NULL ? s.help : "");
    }
}

static void add_state(lines *to, const char *what, const char *name, const state_shape *s) {
    lines_add(to, "state of %s%s bytes %u version %u%s", what, name, s->size, s->version,
              s->declared ? "" : " not declared");
    for (uint32_t i = 0; i < s->field_count; i++) {
        char text[SHAPE_TEXT_MAX];
        shape_field_text(&s->fields[i], text, sizeof text);
        lines_add(to, "  %s (%s)", s->fields[i].name, text);
    }
}

static void add_states(lines *to, const generation *g) {
    add_state(to, "the module", "", &g->shape);
    for (const registered_type *t = g->registry->types; t != NULL; t = t->next) {
        add_state(to, "session type ", t->name, &t->shape);
    }
    for (const registered_room *t = g->registry->rooms; t != NULL; t = t->next) {
        add_state(to, "room type ", t->name, &t->shape);
    }
}

static void add_text(lines *to, const module_view *v) {
    lines_add(to, "%s sessions %u swaps %u swap_pause_seconds %.9g last %s file %s%s", v->name,
              v->sessions, v->swaps, (double)v->pause_ns / 1e9,
              v->outcome[0] != '\0' ? v->outcome : "-", v->file, v->frozen ? " frozen" : "");
    for (uint32_t i = 0; i < v->generation_count; i++) {
        add_generation(to, v, i);
    }
    add_settings(to, v->generations[0].is, loader_section(v->name));
    add_states(to, v->generations[0].is);
    add_faults(to, v->name);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void add_json(lines *to, json *j, const module_view *v) {
    json_text(j, "name", v->name);
    json_text(j, "file", v->file);
    json_number(j, "sessions", v->sessions);
    json_number(j, "swaps", v->swaps);
    json_real(j, "swap_pause_seconds", (double)v->pause_ns / 1e9);
    json_text(j, "last", v->outcome[0] != '\0' ? v->outcome : NULL);
    json_bool(j, "frozen", v->frozen);
    json_number(j, "module_faults", faults_count(v->name));
    json_begin(j, "generations", '[');
    for (uint32_t i = 0; i < v->generation_count; i++) {
        add_generation(to, v, i);
    }
    json_end(j, ']');
    inspect_json_members(j, v->generations[0].is, loader_section(v->name));
    json_begin(j, "faults", '[');
    add_faults(to, v->name);
    json_end(j, ']');
}

portico_status report_module(lines *to, const char *name) {
    json *j = lines_object(to);
    module_view *v = calloc(1, sizeof *v);
    if (v == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    v->name = name;
    module_table_each(take, v);
    if (v->found && j != NULL) {
        add_json(to, j, v);
    } else if (v->found) {
        add_text(to, v);
    }
    portico_status status = v->found ? PORTICO_OK : PORTICO_E_NOT_FOUND;
    for (uint32_t i = 0; i < v->generation_count; i++) {
        generation_release(v->generations[i].is);
    }
    free(v);
    return status;
}

/* ---- its own state --------------------------------------------------------------------------- */

typedef struct module_lookup {
    const char *name;
    module_self *self;
    bool found;
} module_lookup;

static void look(void *arg, module *m) {
    module_lookup *l = arg;
    if (strcmp(m->name, l->name) == 0) {
        l->found = true;
        *l->self = (module_self){.id = atomic_load(&m->self),
                                 .state_bytes = module_generation(m)->shape.size,
                                 .exchanged = gate_is_closed(&m->gate),
                                 .serves = atomic_load(&m->serves)};
    }
}

bool module_look(const char *name, module_self *self) {
    module_lookup l = {.name = name, .self = self};
    module_table_each(look, &l);
    return l.found;
}

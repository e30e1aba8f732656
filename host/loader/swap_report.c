/* swap_report.c: see swap_report.h. */
#include "loader/swap_report.h"

#include "loader/private.h"
#include "loader/swap_plan.h"
#include "room/room_type.h"
#include "session/session_type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A state as both generations know it. */
typedef struct state_pair {
    const char *name;
    const char *entity;      /* "session" or "room"; NULL: the module itself */
    uint32_t count;          /* of live entities */
    const state_shape *from; /* NULL: the type is new */
    const state_shape *to;   /* NULL: the type is gone */
    portico_on_migrate migrate;
} state_pair;

typedef void (*pair_visitor)(void *arg, const state_pair *p);

static void visit_type(const registered_type *from, const registered_type *to, pair_visitor visit,
                       void *arg) {
    state_pair p = {.name = from != NULL ? from->name : to->name,
                    .entity = "session",
                    .from = from != NULL ? &from->shape : NULL,
                    .to = to != NULL ? &to->shape : NULL,
                    .migrate = to != NULL ? to->migrate : NULL};
    const session_type *t = session_type_find(p.name);
    p.count = t != NULL ? session_type_sessions(t) : 0;
    visit(arg, &p);
}

static void visit_room(const registered_room *from, const registered_room *to, pair_visitor visit,
                       void *arg) {
    state_pair p = {.name = from != NULL ? from->name : to->name,
                    .entity = "room",
                    .from = from != NULL ? &from->shape : NULL,
                    .to = to != NULL ? &to->shape : NULL,
                    .migrate = to != NULL ? to->migrate : NULL};
    room_type *t = room_type_find(p.name);
    p.count = t != NULL ? room_type_rooms(t) : 0;
    visit(arg, &p);
}

/* The module first, then the types that `from` has, then new ones. */
static void each_pair(const generation *from, const generation *to, pair_visitor visit, void *arg) {
    const state_pair own = {.name = "the module",
                            .from = &from->shape,
                            .to = &to->shape,
                            .migrate = to->info.state.migrate};
    visit(arg, &own);
    for (const registered_type *t = from->registry->types; t != NULL; t = t->next) {
        visit_type(t, registry_find(to->registry, t->name), visit, arg);
    }
    for (const registered_type *t = to->registry->types; t != NULL; t = t->next) {
        if (registry_find(from->registry, t->name) == NULL) {
            visit_type(NULL, t, visit, arg);
        }
    }
    for (const registered_room *r = from->registry->rooms; r != NULL; r = r->next) {
        visit_room(r, registry_find_room(to->registry, r->name), visit, arg);
    }
    for (const registered_room *r = to->registry->rooms; r != NULL; r = r->next) {
        if (registry_find_room(from->registry, r->name) == NULL) {
            visit_room(NULL, r, visit, arg);
        }
    }
}

/* ---- which fields change -------------------------------------------------------------------- */

typedef struct change_text {
    char *text;
    size_t size;
    size_t used;
    uint32_t left_out;
} change_text;

static void add_changes(void *arg, const state_pair *p) {
    enum { FIELDS_MAX = 240, AND_MORE = 32 }; /* room for " and 64 more states" */
    change_text *t = arg;
    char fields[FIELDS_MAX];
    char words[FIELDS_MAX + 2 * PORTICO_LABEL_MAX + 16];
    if (p->from == NULL || p->to == NULL || shape_equal(p->from, p->to)) {
        return;
    }
    shape_changes_text(p->from, p->to, fields, sizeof fields);
    if (fields[0] == '\0' && p->migrate == NULL) {
        return;
    }
    int size = snprintf(words, sizeof words, "%s%s (%s%s%s)", t->used > 0 ? ", " : "", p->name,
                        fields, fields[0] != '\0' && p->migrate != NULL ? "; " : "",
                        p->migrate != NULL ? "migrate" : "");
    if (t->left_out > 0 || t->used + (size_t)size + AND_MORE > t->size) {
        t->left_out++;
        return;
    }
    memcpy(t->text + t->used, words, (size_t)size + 1);
    t->used += (size_t)size;
}

void swap_changes_text(const generation *from, const generation *to, char *text, size_t size) {
    change_text t = {.text = text, .size = size};
    text[0] = '\0';
    each_pair(from, to, add_changes, &t);
    if (t.left_out > 0) {
        snprintf(text + t.used, size - t.used, " and %u more state%s", t.left_out,
                 t.left_out == 1 ? "" : "s");
    }
}

/* ---- a plan in words ------------------------------------------------------------------------ */

typedef struct report {
    module *module;
    generation *to;
    plan_say *say;
    void *arg;
    uint32_t sessions;
    uint32_t rooms;
} report;

static const char *plural(uint32_t count) {
    return count == 1 ? "" : "s";
}

/* Says a line that is about no state. */
static void say_note(const report *r, const char *entity, const char *name, const char *line) {
    r->say(r->arg,
           &(plan_row){.entity = entity, .name = name, .effect = "", .change = line, .line = line});
}

/* What becomes of a state that both generations have. */
typedef struct change {
    const char *effect;
    const char *words;              /* for people, before `text` */
    char text[IMAGE_WHY_MAX + 128]; /* which fields change, or why not */
} change;

static void describe_change(const report *r, const state_pair *p, change *c) {
    char fields[400];
    char why[IMAGE_WHY_MAX];
    c->text[0] = '\0';
    if (shape_equal(p->from, p->to)) {
        c->effect = p->to->size > 0 ? "kept" : "none";
        c->words = p->to->size > 0 ? "state kept as it is" : "no state";
        return;
    }
    if (plan_ask_state(r->module, r->to, p->name, p->from, p->to, p->migrate, why) != PORTICO_OK) {
        c->effect = "refused";
        c->words =
            p->entity != NULL && p->count == 0 ? "refused as soon as there is one" : "refused";
        snprintf(c->text, sizeof c->text, "%.900s", why);
        return;
    }
    shape_changes_text(p->from, p->to, fields, sizeof fields);
    c->effect = p->migrate != NULL ? "migrated" : "moved";
    c->words = p->migrate != NULL ? "migrate agrees" : "moved field by field";
    snprintf(c->text, sizeof c->text, "%s", fields);
}

static void say_pair(void *arg, const state_pair *p) {
    const report *r = arg;
    change c = {.effect = "new", .words = "new"};
    char line[2 * IMAGE_WHY_MAX];
    char start[256];
    if (p->to == NULL) {
        c.effect = c.words = "gone";
    } else if (p->from != NULL) {
        describe_change(r, p, &c);
    }
    if (p->entity == NULL) {
        snprintf(start, sizeof start, "%s", p->name);
    } else {
        snprintf(start, sizeof start, "%s type %s, %u %s%s", p->entity, p->name, p->count,
                 p->entity, plural(p->count));
    }
    snprintf(line, sizeof line, "%s: %s%s%s", start, c.words, c.text[0] != '\0' ? ": " : "",
             c.text);
    r->say(r->arg, &(plan_row){.entity = p->entity != NULL ? p->entity : "module",
                               .name = p->entity != NULL ? p->name : r->module->name,
                               .count = p->count,
                               .effect = c.effect,
                               .change = c.text,
                               .line = line});
}

static void count_pair(void *arg, const state_pair *p) {
    report *r = arg;
    if (p->entity != NULL) {
        *(strcmp(p->entity, "room") == 0 ? &r->rooms : &r->sessions) += p->count;
    }
}

static void say_dependents(const report *r) {
    char line[256];
    module_list list = modules_list();
    for (size_t i = 0; list.all != NULL && i < list.count; i++) {
        const module *other = list.all[i];
        if (module_requires(other, r->module->name)) {
            bool asked = module_generation(other)->info.dependency_swaps != NULL;
            snprintf(line, sizeof line, "module %s requires it%s", other->name,
                     asked ? ": the swap asks its dependency_swaps, this plan does not" : "");
            say_note(r, "dependent", other->name, line);
        }
    }
    free(list.all);
}

static void say_unsettled(const report *r) {
    char line[256];
    const generation *previous = r->module->previous;
    uint32_t left = previous != NULL ? atomic_load(&previous->states) : 0;
    if (left > 0) {
        snprintf(line, sizeof line,
                 "%u state%s of generation %u not taken over yet: the swap waits for that first",
                 left, left == 1 ? " is" : "s are", previous->number);
        say_note(r, "note", "", line);
    }
}

void swap_report(module *m, generation *to, plan_say *say, void *arg) {
    char line[IMAGE_WHY_MAX];
    report r = {.module = m, .to = to, .say = say, .arg = arg};
    const generation *from = module_generation(m);
    each_pair(from, to, count_pair, &r);
    snprintf(line, sizeof line,
             "%s %.64s from %.600s would replace generation %u (%.64s): %u session%s and %u "
             "room%s affected",
             to->name, to->version, to->file, from->number, from->version, r.sessions,
             plural(r.sessions), r.rooms, plural(r.rooms));
    say_note(&r, "note", "", line);
    each_pair(from, to, say_pair, &r);
    say_dependents(&r);
    say_unsettled(&r);
}

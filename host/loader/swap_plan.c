/* swap_plan.c: see swap_plan.h. */
#include "loader/swap_plan.h"

#include "base/status.h"
#include "loader/private.h"
#include "loader/publish.h"
#include "module/life.h"
#include "module/state_take_over.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- live sessions and rooms ---------------------------------------------------------------- */

/* Says why the `count` entities of a type prevent the swap. */
static portico_status refuse_live(bool gone, const char *name, uint32_t count, const char *what,
                                  char why[IMAGE_WHY_MAX]) {
    snprintf(why, IMAGE_WHY_MAX, "%s %s, and there %s %u %s%s of it: %s, or close %s first",
             gone ? "it does not have the type" : "it cannot take over the states of", name,
             count == 1 ? "is" : "are", count, what, count == 1 ? "" : "s",
             gone ? "add it" : "give it a migrate", count == 1 ? "it" : "them");
    return PORTICO_E_STATE;
}

portico_status plan_check_empty(const swap_plan *p, char why[IMAGE_WHY_MAX]) {
    for (size_t i = 0; i < p->type_count; i++) {
        const type_change *c = &p->types[i];
        uint32_t count = c->needs_none ? session_type_sessions(c->type) : 0;
        if (count > 0) {
            return refuse_live(c->to == NULL, c->type->name, count, "session", why);
        }
    }
    for (size_t i = 0; i < p->room_count; i++) {
        const room_change *c = &p->rooms[i];
        uint32_t count = c->needs_none ? room_type_rooms(c->type) : 0;
        if (count > 0) {
            return refuse_live(c->to == NULL, c->from->name, count, "room", why);
        }
    }
    return PORTICO_OK;
}

/* ---- other modules -------------------------------------------------------------------------- */

/* Whether module `m` requires `name`, directly or through others. */
static bool leads_to(const module *m, const char *name) {
    for (char **r = module_generation(m)->required; *r != NULL; r++) {
        const module *next = module_find(*r);
        if (strcmp(*r, name) == 0 || (next != NULL && leads_to(next, name))) {
            return true;
        }
    }
    return false;
}

static portico_status check_required(const module *m, const generation *to,
                                     char why[IMAGE_WHY_MAX]) {
    for (char **r = to->required; *r != NULL; r++) {
        const module *other = module_find(*r);
        if (other == NULL) {
            snprintf(why, IMAGE_WHY_MAX,
                     "it requires the module %s, which is not loaded: load %s first", *r, *r);
        } else if (other == m) {
            snprintf(why, IMAGE_WHY_MAX, "it requires itself: take %s out of its `required`", *r);
        } else if (leads_to(other, m->name)) {
            snprintf(why, IMAGE_WHY_MAX,
                     "it requires the module %s, which requires %s: one `required` must go", *r,
                     m->name);
        } else {
            continue;
        }
        return PORTICO_E_DEPENDENCY;
    }
    return PORTICO_OK;
}

/* Whether `to` has all types of its module that `other` has joined. */
static portico_status check_joined(module *other, const module *m, const generation *to,
                                   char why[IMAGE_WHY_MAX]) {
    const registry *joined = module_generation(other)->registry;
    for (const registered_type *t = joined->types; t != NULL; t = t->next) {
        size_t owner = strcspn(t->name, ".");
        bool ours = !t->owned && strlen(m->name) == owner && strncmp(t->name, m->name, owner) == 0;
        if (ours && registry_find(to->registry, t->name) == NULL) {
            snprintf(why, IMAGE_WHY_MAX,
                     "it does not have the session type %s, which the module %s has joined: "
                     "add it, or unload %s first",
                     t->name, other->name, other->name);
            return PORTICO_E_DEPENDENCY;
        }
    }
    return PORTICO_OK;
}

static portico_status ask_dependent(module *other, const module *m, const generation *to,
                                    char why[IMAGE_WHY_MAX]) {
    portico_status status = module_call_dependency_swaps(other, m, to->version);
    if (status != PORTICO_OK) {
        snprintf(why, IMAGE_WHY_MAX,
                 "the module %s, which requires it, does not agree to its version %s: %s",
                 other->name, to->version, status_text(status));
    }
    return status;
}

typedef portico_status (*dependent_check)(module *other, const module *m, const generation *to,
                                          char why[IMAGE_WHY_MAX]);

/* Calls `check` for the modules that require this one, in the order of loading, until one fails. */
static portico_status each_dependent(const module *m, const generation *to, dependent_check check,
                                     char why[IMAGE_WHY_MAX]) {
    module_list list = modules_list();
    if (list.all == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    portico_status status = PORTICO_OK;
    for (size_t i = 0; i < list.count; i++) {
        if (module_requires(list.all[i], m->name)) {
            status = check(list.all[i], m, to, why);
        }
        if (status != PORTICO_OK) {
            break;
        }
    }
    free(list.all);
    return status;
}

portico_status plan_ask_dependents(const swap_plan *p, char why[IMAGE_WHY_MAX]) {
    return each_dependent(p->module, p->to, ask_dependent, why);
}

/* ---- states --------------------------------------------------------------------------------- */

portico_status plan_ask_state(module *m, generation *to, const char *name, const state_shape *old,
                              const state_shape *fresh, portico_on_migrate migrate,
                              char why[IMAGE_WHY_MAX]) {
    if (to->lost) {
        return PORTICO_E_FAULT; /* `why` has been said */
    }
    module_asks(m, to, true);
    portico_status status = state_can_take_over(name, old, fresh, migrate, why, IMAGE_WHY_MAX);
    module_asks(NULL, NULL, false);
    return status;
}

/* The states of one type, and what takes them over. */
typedef struct states {
    const char *name;
    const state_shape *to;
    portico_on_migrate migrate;
    uint32_t count;
    bool is_room;
} states;

static const state_shape *shape_in(const generation *g, const states *s) {
    if (s->is_room) {
        const registered_room *r = registry_find_room(g->registry, s->name);
        return r != NULL ? &r->shape : NULL;
    }
    const registered_type *t = registry_find(g->registry, s->name);
    return t != NULL ? &t->shape : NULL;
}

/* Whether a type's states can be taken over from the generation `from`. If not, *needs_none is set,
 * and it is a failure if there are any, or if `migrate` has faulted. */
static portico_status check_states(const swap_plan *p, const generation *from, const states *s,
                                   bool *needs_none, bool *reshapes, char why[IMAGE_WHY_MAX]) {
    const state_shape *old = shape_in(from, s);
    if (old == NULL) {
        return PORTICO_OK;
    }
    portico_status status = plan_ask_state(p->module, p->to, s->name, old, s->to, s->migrate, why);
    *reshapes |= !shape_equal(old, s->to);
    *needs_none |= status != PORTICO_OK;
    if (status != PORTICO_OK && (s->count > 0 || status == PORTICO_E_FAULT)) {
        return status;
    }
    why[0] = '\0';
    return PORTICO_OK;
}

typedef struct older_states {
    const swap_plan *plan;
    const states *states;
    bool *needs_none;
    bool *reshapes;
    portico_status status;
    char *why; /* IMAGE_WHY_MAX */
} older_states;

/* True: its states cannot be taken over. */
static bool check_older(void *arg, const generation *g) {
    older_states *o = arg;
    char fault[IMAGE_WHY_MAX] = "";
    o->status = check_states(o->plan, g, o->states, o->needs_none, o->reshapes, fault);
    if (o->status != PORTICO_OK) {
        snprintf(
            o->why, IMAGE_WHY_MAX,
            "some states are still of generation %u, because the module was frozen before they "
            "were taken over: %.600s",
            g->number, fault);
    }
    return o->status != PORTICO_OK;
}

/* The same for all generations that there may be states of. */
static portico_status check_all_states(const swap_plan *p, const states *s, bool *needs_none,
                                       bool *reshapes, char why[IMAGE_WHY_MAX]) {
    portico_status status = check_states(p, p->from, s, needs_none, reshapes, why);
    older_states o = {
        .plan = p, .states = s, .needs_none = needs_none, .reshapes = reshapes, .why = why};
    if (status == PORTICO_OK && module_each_unsettled(p->module, p->to, check_older, &o)) {
        status = o.status;
    }
    return status;
}

/* ---- session types -------------------------------------------------------------------------- */

static portico_status check_type(const swap_plan *p, type_change *c, char why[IMAGE_WHY_MAX]) {
    if (c->to == NULL) {
        return PORTICO_OK;
    }
    portico_status status = publish_check(p->module, c->to, why);
    if (status != PORTICO_OK || c->from == NULL) {
        return status;
    }
    const states all = {.name = c->to->name,
                        .to = &c->to->shape,
                        .migrate = c->to->migrate,
                        .count = session_type_sessions(c->type)};
    return check_all_states(p, &all, &c->needs_none, &c->reshapes, why);
}

static portico_status plan_type(swap_plan *p, const registered_type *from, registered_type *to,
                                char why[IMAGE_WHY_MAX]) {
    type_change *c = &p->types[p->type_count];
    const char *name = from != NULL ? from->name : to->name;
    *c = (type_change){
        .type = session_type_get(name), .from = from, .to = to, .needs_none = to == NULL};
    if (c->type == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    portico_status status = check_type(p, c, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = session_type_prepare(c->type, p->module, p->to, to, &c->layout);
    if (status == PORTICO_E_LIMIT) {
        snprintf(why, IMAGE_WHY_MAX, "%s has %d modules already, which is the limit", name,
                 LAYOUT_PARTS_MAX);
    }
    p->type_count += status == PORTICO_OK;
    return status;
}

static size_t count_types(const registered_type *first) {
    size_t count = 0;
    for (const registered_type *t = first; t != NULL; t = t->next) {
        count++;
    }
    return count;
}

static portico_status plan_types(swap_plan *p, char why[IMAGE_WHY_MAX]) {
    const registered_type *from = p->from->registry->types;
    registered_type *to = p->to->registry->types;
    p->types = calloc(count_types(from) + count_types(to) + 1, sizeof *p->types);
    if (p->types == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    for (const registered_type *t = from; t != NULL; t = t->next) {
        portico_status status = plan_type(p, t, registry_find(p->to->registry, t->name), why);
        if (status != PORTICO_OK) {
            return status;
        }
    }
    for (registered_type *t = to; t != NULL; t = t->next) {
        bool is_new = registry_find(p->from->registry, t->name) == NULL;
        portico_status status = is_new ? plan_type(p, NULL, t, why) : PORTICO_OK;
        if (status != PORTICO_OK) {
            return status;
        }
    }
    return PORTICO_OK;
}

/* ---- room types ----------------------------------------------------------------------------- */

static portico_status plan_room(swap_plan *p, const registered_room *from, registered_room *to,
                                char why[IMAGE_WHY_MAX]) {
    room_change *c = &p->rooms[p->room_count];
    const char *name = from != NULL ? from->name : to->name;
    *c = (room_change){
        .type = room_type_hold(p->module, name), .from = from, .to = to, .needs_none = to == NULL};
    if (c->type == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    p->room_count++;
    if (from == NULL || to == NULL) {
        return PORTICO_OK;
    }
    const states all = {.name = name,
                        .to = &to->shape,
                        .migrate = to->migrate,
                        .count = room_type_rooms(c->type),
                        .is_room = true};
    return check_all_states(p, &all, &c->needs_none, &c->reshapes, why);
}

static size_t count_rooms(const registered_room *first) {
    size_t count = 0;
    for (const registered_room *r = first; r != NULL; r = r->next) {
        count++;
    }
    return count;
}

static portico_status plan_rooms(swap_plan *p, char why[IMAGE_WHY_MAX]) {
    const registered_room *from = p->from->registry->rooms;
    registered_room *to = p->to->registry->rooms;
    p->rooms = calloc(count_rooms(from) + count_rooms(to) + 1, sizeof *p->rooms);
    if (p->rooms == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    for (const registered_room *r = from; r != NULL; r = r->next) {
        portico_status status = plan_room(p, r, registry_find_room(p->to->registry, r->name), why);
        if (status != PORTICO_OK) {
            return status;
        }
    }
    for (registered_room *r = to; r != NULL; r = r->next) {
        bool is_new = registry_find_room(p->from->registry, r->name) == NULL;
        portico_status status = is_new ? plan_room(p, NULL, r, why) : PORTICO_OK;
        if (status != PORTICO_OK) {
            return status;
        }
    }
    return PORTICO_OK;
}

/* ---- the plan ------------------------------------------------------------------------------- */

static portico_status make(swap_plan *p, char why[IMAGE_WHY_MAX]) {
    portico_status status = check_required(p->module, p->to, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = each_dependent(p->module, p->to, check_joined, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = plan_ask_state(p->module, p->to, "the module", &p->from->shape, &p->to->shape,
                            p->to->info.state.migrate, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = plan_types(p, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = plan_rooms(p, why);
    if (status != PORTICO_OK) {
        return status;
    }
    return plan_check_empty(p, why);
}

portico_status plan_make(swap_plan *p, module *m, generation *to, char why[IMAGE_WHY_MAX]) {
    *p = (swap_plan){.module = m, .from = module_generation(m), .to = to};
    portico_status status = make(p, why);
    if (status != PORTICO_OK) {
        plan_fini(p);
    }
    return status;
}

void plan_exchange(swap_plan *p, bool back) {
    for (size_t i = 0; i < p->type_count; i++) {
        p->types[i].layout = session_type_exchange(p->types[i].type, p->types[i].layout);
    }
    for (size_t i = 0; i < p->room_count; i++) {
        const room_change *c = &p->rooms[i];
        room_type_set(c->type, back ? p->from : p->to, back ? c->from : c->to);
    }
}

void plan_fini(swap_plan *p) {
    for (size_t i = 0; i < p->type_count; i++) {
        layout_release(p->types[i].layout);
    }
    for (size_t i = 0; i < p->room_count; i++) {
        room_type_release(p->rooms[i].type);
    }
    free(p->types);
    free(p->rooms);
    *p = (swap_plan){0};
}

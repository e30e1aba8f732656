/* swap_plan.c: see swap_plan.h. */
#include "loader/swap_plan.h"

#include "loader/private.h"
#include "base/status.h"
#include "module/state_take_over.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- who is there --------------------------------------------------------------------------- */

/* Says why the `count` entities of a type hinder. */
static portico_status refuse_live(bool gone, const char *name, uint32_t count, const char *what,
                                  char why[IMAGE_WHY_MAX]) {
    snprintf(why, IMAGE_WHY_MAX, "%s %s, and %u %s%s of it %s there: %s, or close %s first",
             gone ? "it does not register the type" : "it cannot take over the states of", name,
             count, what, count == 1 ? "" : "s", count == 1 ? "is" : "are",
             gone ? "register it" : "give it a migrate", count == 1 ? "that one" : "those");
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

/* Whether module `m` is `name`, or requires it, over however many others. */
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
                     "it requires the module %s, which is not loaded: load that one first", *r);
        } else if (other == m) {
            snprintf(why, IMAGE_WHY_MAX, "it requires itself: take %s out of its `required`", *r);
        } else if (leads_to(other, m->name)) {
            snprintf(
                why, IMAGE_WHY_MAX,
                "it requires the module %s, which requires %s: take it out of one's `required`", *r,
                m->name);
        } else {
            continue;
        }
        return PORTICO_E_DEPENDENCY;
    }
    return PORTICO_OK;
}

/* Whether `to` has all types of its module that `other` has joined. */
static portico_status check_joined(const module *other, const module *m, const generation *to,
                                   char why[IMAGE_WHY_MAX]) {
    for (const registered_type *t = module_generation(other)->registry->types; t != NULL;
         t = t->next) {
        size_t owner = strcspn(t->name, ".");
        bool ours = !t->owned && strlen(m->name) == owner && strncmp(t->name, m->name, owner) == 0;
        if (ours && registry_find(to->registry, t->name) == NULL) {
            snprintf(
                why, IMAGE_WHY_MAX,
                "it does not register the session type %s, which the module %s has joined: register it, or "
                "unload %s first",
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

/* Checks, or asks, the modules that require this one, in the order of their loading. */
static portico_status each_dependent(const module *m, const generation *to, bool ask,
                                     char why[IMAGE_WHY_MAX]) {
    module_list list = modules_list();
    portico_status status = list.all != NULL ? PORTICO_OK : PORTICO_E_NO_MEMORY;
    for (size_t i = 0; status == PORTICO_OK && i < list.count; i++) {
        if (module_requires(list.all[i], m->name)) {
            status = ask ? ask_dependent(list.all[i], m, to, why)
                         : check_joined(list.all[i], m, to, why);
        }
    }
    free(list.all);
    return status;
}

/* Whether states of the one shape can become states of the other. `migrate` is the new generation's, which may not
 * change anything yet. */
static portico_status ask_state(const swap_plan *p, const char *name, const state_shape *from,
                                const state_shape *to, portico_on_migrate migrate,
                                char why[IMAGE_WHY_MAX]) {
    module_begin_staged(p->module, p->to, "migrate");
    portico_status status = state_can_take_over(name, from, to, migrate, why, IMAGE_WHY_MAX);
    module_end();
    return status;
}

/* ---- types ---------------------------------------------------------------------------------- */

/* What registering has checked, again: at a roll-back other modules may have been swapped since. */
static portico_status check_others(const swap_plan *p, session_type *t, const registered_type *to,
                                   char why[IMAGE_WHY_MAX]) {
    if (!to->owned && t->current == NULL) {
        snprintf(why, IMAGE_WHY_MAX,
                 "it joins the session type %s, which no loaded module registers", to->name);
        return PORTICO_E_DEPENDENCY;
    }
    for (const registered_handler *h = to->packets; h != NULL; h = h->hh.next) {
        const module *other = session_type_handler_of(t, (uint16_t)h->id);
        if (other != NULL && other != p->module) {
            snprintf(why, IMAGE_WHY_MAX, "type %s: opcode %u is handled by module %s already",
                     to->name, h->id, other->name);
            return PORTICO_E_EXISTS;
        }
    }
    for (const registered_handler *r = to->messages; r != NULL; r = r->hh.next) {
        const module *other = session_type_message_of(t, r->id);
        if (other != NULL && other != p->module) {
            snprintf(why, IMAGE_WHY_MAX, "type %s: message %u is handled by module %s already",
                     to->name, r->id, other->name);
            return PORTICO_E_EXISTS;
        }
    }
    return PORTICO_OK;
}

static portico_status plan_type(swap_plan *p, const registered_type *from,
                                const registered_type *to, char why[IMAGE_WHY_MAX]) {
    type_change *c = &p->types[p->type_count];
    const char *name = from != NULL ? from->name : to->name;
    *c = (type_change){
        .type = session_type_get(name), .from = from, .to = to, .needs_none = to == NULL};
    if (c->type == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    portico_status status = to != NULL ? check_others(p, c->type, to, why) : PORTICO_OK;
    if (status != PORTICO_OK) {
        return status;
    }
    if (from != NULL && to != NULL) {
        status = ask_state(p, name, &from->shape, &to->shape, to->migrate, why);
        c->needs_none = status != PORTICO_OK;
        if (c->needs_none && session_type_sessions(c->type) > 0) {
            return status;
        }
        why[0] = '\0';
    }
    status = session_type_prepare(c->type, p->module, p->to, to, &c->layout);
    if (status == PORTICO_E_LIMIT) {
        snprintf(why, IMAGE_WHY_MAX, "%d modules take part in %s, which is the most there can be",
                 LAYOUT_PARTS_MAX, name);
    }
    p->type_count += status == PORTICO_OK;
    return status;
}

static portico_status plan_types(swap_plan *p, char why[IMAGE_WHY_MAX]) {
    size_t most = 0;
    for (const registered_type *t = p->from->registry->types; t != NULL; t = t->next) {
        most++;
    }
    for (const registered_type *t = p->to->registry->types; t != NULL; t = t->next) {
        most++;
    }
    p->types = calloc(most + 1, sizeof *p->types);
    portico_status status = p->types != NULL ? PORTICO_OK : PORTICO_E_NO_MEMORY;
    for (const registered_type *t = p->from->registry->types; status == PORTICO_OK && t != NULL;
         t = t->next) {
        status = plan_type(p, t, registry_find(p->to->registry, t->name), why);
    }
    for (const registered_type *t = p->to->registry->types; status == PORTICO_OK && t != NULL;
         t = t->next) {
        if (registry_find(p->from->registry, t->name) == NULL) {
            status = plan_type(p, NULL, t, why);
        }
    }
    return status;
}

static portico_status plan_room(swap_plan *p, const registered_room *from,
                                const registered_room *to, char why[IMAGE_WHY_MAX]) {
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
    portico_status status = ask_state(p, name, &from->shape, &to->shape, to->migrate, why);
    c->needs_none = status != PORTICO_OK;
    if (c->needs_none && room_type_rooms(c->type) > 0) {
        return status;
    }
    why[0] = '\0';
    return PORTICO_OK;
}

static portico_status plan_rooms(swap_plan *p, char why[IMAGE_WHY_MAX]) {
    size_t most = 0;
    for (const registered_room *r = p->from->registry->rooms; r != NULL; r = r->next) {
        most++;
    }
    for (const registered_room *r = p->to->registry->rooms; r != NULL; r = r->next) {
        most++;
    }
    p->rooms = calloc(most + 1, sizeof *p->rooms);
    portico_status status = p->rooms != NULL ? PORTICO_OK : PORTICO_E_NO_MEMORY;
    for (const registered_room *r = p->from->registry->rooms; status == PORTICO_OK && r != NULL;
         r = r->next) {
        status = plan_room(p, r, registry_find_room(p->to->registry, r->name), why);
    }
    for (const registered_room *r = p->to->registry->rooms; status == PORTICO_OK && r != NULL;
         r = r->next) {
        if (registry_find_room(p->from->registry, r->name) == NULL) {
            status = plan_room(p, NULL, r, why);
        }
    }
    return status;
}

/* ---- the plan ------------------------------------------------------------------------------- */

portico_status plan_make(swap_plan *p, module *m, generation *to, char why[IMAGE_WHY_MAX]) {
    *p = (swap_plan){.module = m, .from = module_generation(m), .to = to};
    portico_status status = check_required(m, to, why);
    if (status == PORTICO_OK) {
        status = each_dependent(m, to, false, why);
    }
    if (status == PORTICO_OK) {
        status = ask_state(p, "the module", &p->from->shape, &to->shape, to->info.migrate, why);
    }
    if (status == PORTICO_OK) {
        status = plan_types(p, why);
    }
    if (status == PORTICO_OK) {
        status = plan_rooms(p, why);
    }
    if (status == PORTICO_OK) {
        status = plan_check_empty(p, why);
    }
    if (status == PORTICO_OK) {
        status = each_dependent(m, to, true, why); /* last, so that nobody is asked in vain */
    }
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

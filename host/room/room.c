/* room.c: see room.h. */
#include "room/private.h"

#include "base/invariant.h"
#include "base/text.h"
#include "module/state_take_over.h"
#include "os/compiler.h"
#include "run/meter.h"
#include "run/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    os_mutex lock;
    os_port *port;
    room *named;
    _Atomic uint32_t count;
} rooms;

void rooms_start(os_port *port) {
    rooms.port = port;
}

void rooms_fini(void) {
    INVARIANT(rooms.named == NULL);
    room_types_fini();
}

/* ---- the generation that serves [turn] -------------------------------------------------------- */

/* Inside the gate: brings the room's state to the generation that serves. */
static bool room_catch_up(room *r) {
    generation *g = module_generation(r->module);
    if (r->generation == g || r->broken) {
        return !r->broken;
    }
    const registered_room *type = registry_find_room(g->registry, r->key.type->name);
    const state_owner owner = {.name = r->key.type->name, .entity = r->base.id};
    portico_status status = type != NULL
                                ? state_take_over(&owner, r->generation, &r->type->shape, &r->state,
                                                  &type->shape, r->opened ? type->migrate : NULL)
                                : PORTICO_E_NOT_FOUND;
    r->broken = status != PORTICO_OK;
    if (type != NULL) {
        generation *before = r->generation;
        r->generation = g;
        r->type = type;
        generation_hold_state(g);
        generation_release_state(before);
        os_mutex_lock(&r->lock);
        r->max_members = type->max_members;
        os_mutex_unlock(&r->lock);
    }
    if (r->broken) {
        (void)room_close(r, status);
    }
    return !r->broken;
}

bool room_begin(room *r, const char *what, uint32_t number, uint64_t entity_id) {
    module_enter(r->module, what, number, entity_id);
    bool fit = room_catch_up(r);
    if (!fit) {
        module_leave(r->module);
    }
    return fit;
}

void room_end(room *r) {
    module_leave(r->module);
}

static void room_on_follow(work *w) {
    room *r = container_of(w, room, follow_work);
    atomic_store(&r->follows, false);
    if (r->generation != module_generation(r->module) && room_begin(r, "migrate", 0, r->base.id)) {
        room_end(r);
    }
}

static void follow_room(void *arg, entity *e) {
    room *r = (room *)e;
    if (r->module == arg && !atomic_exchange(&r->follows, true)) {
        strand_push(&r->strand, &r->follow_work);
    }
}

void rooms_follow(const module *m) {
    entity_each(ENTITY_ROOM, follow_room, (void *)(uintptr_t)m);
}

static void room_free(entity *e) {
    room *r = (room *)e;
    INVARIANT(r->phase == ROOM_CLOSED && r->count == 0 && !r->named);
    room_type_leave(r->key.type, r->generation);
    atomic_fetch_sub(&rooms.count, 1);
    free(r->members);
    free(r->state);
    free(r);
}

/* ---- the room's own works [turn] ------------------------------------------------------------- */

void room_end_if_empty(room *r) {
    os_mutex_lock(&r->lock);
    bool ends = r->phase == ROOM_CLOSING && r->count == 0;
    if (ends) {
        r->phase = ROOM_CLOSED;
    }
    portico_status reason = r->reason;
    os_mutex_unlock(&r->lock);
    if (!ends) {
        return;
    }
    if (r->opened && room_begin(r, "room on_close", 0, r->base.id)) {
        if (r->type->on_close != NULL) {
            r->type->on_close(r->base.id, r->state, reason);
        }
        room_end(r);
    }
    entity_release_not_last(&r->base); /* the strand holds it still */
}

static void room_on_open(work *w) {
    room *r = container_of(w, room, open_work);
    portico_status status = PORTICO_OK;
    if (room_begin(r, "room on_open", 0, r->base.id)) {
        r->opened = true;
        if (r->type->on_open != NULL) {
            status = r->type->on_open(r->base.id, r->state);
        }
        room_end(r);
    }
    if (status != PORTICO_OK) {
        room_close(r, status);
    }
}

static void room_on_close(work *w) {
    room *r = container_of(w, room, close_work);
    os_mutex_lock(&r->lock);
    uint32_t count = r->count;
    portico_session *members = count > 0 ? malloc(count * sizeof *members) : NULL;
    if (members != NULL) {
        memcpy(members, r->members, count * sizeof *members);
    }
    os_mutex_unlock(&r->lock);
    if (count > 0 && members == NULL) {
        strand_push(&r->strand, &r->close_work); /* out of memory: again, a little later */
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        entity *member = entity_find(members[i]);
        if (member != NULL) {
            member->leave(member, &r->base, PORTICO_E_ROOM_CLOSED);
            entity_release(member);
        }
    }
    free(members);
    room_end_if_empty(r);
}

/* A message has come to its turn. */
static void room_on_message(work *w) {
    message *m = (message *)w;
    room *r = (room *)m->to;
    os_mutex_lock(&r->lock);
    bool open = r->phase == ROOM_OPEN;
    os_mutex_unlock(&r->lock);
    if (open && room_begin(r, "message", m->id, r->base.id)) {
        const registered_handler *handler = registry_find_handler(r->type->messages, m->id);
        if (handler != NULL) {
            uint64_t began_ns = meter_begin();
            message_deliver(m, handler->call.message, r->state);
            meter_end(began_ns, 0, METER_ROOM_MESSAGE, r->key.type->name, m->id);
        }
        room_end(r);
    }
    message_free(m);
}

static portico_status room_take_message(entity *e, message *m) {
    room *r = (room *)e;
    os_mutex_lock(&r->lock);
    bool open = r->phase == ROOM_OPEN;
    os_mutex_unlock(&r->lock);
    if (!open) {
        return PORTICO_E_GONE;
    }
    if (strand_count(&r->strand) >= MESSAGES_WAITING_MAX) {
        return PORTICO_E_BACKLOG;
    }
    m->work.run = room_on_message;
    strand_push(&r->strand, &m->work);
    return PORTICO_OK;
}

/* ---- making and closing ---------------------------------------------------------------------- */

static room_key key_of(room_type *type, const char *name) {
    room_key key;
    memset(&key, 0, sizeof key);
    key.type = type;
    snprintf(key.name, sizeof key.name, "%s", name);
    return key;
}

static room *find_locked(const room_key *key) {
    room *r = NULL;
    HASH_FIND(hh, rooms.named, key, sizeof *key, r);
    return r;
}

static room *room_new(const room_key *key, generation *g, const registered_room *type) {
    room *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return NULL;
    }
    r->key = *key;
    r->module = key->type->module;
    r->generation = g;
    r->type = type;
    r->max_members = type->max_members;
    r->base.kind = ENTITY_ROOM;
    r->opened_ms = worker_now_ms();
    r->base.free = room_free;
    r->base.take = room_take_message;
    r->open_work.run = room_on_open;
    r->close_work.run = room_on_close;
    r->follow_work.run = room_on_follow;
    strand_init(&r->strand, &r->base, rooms.port);
    if (type->shape.size > 0) {
        r->state = calloc(1, type->shape.size);
    }
    if (type->shape.size > 0 && r->state == NULL) {
        free(r);
        return NULL;
    }
    r->phase = ROOM_CLOSED; /* until room_add */
    atomic_fetch_add(&rooms.count, 1);
    return r;
}

/* Lets others find the room by its id and name, if the name is free. Its type is looked at again when it can be found: so
 * either it is seen here that the module goes, or rooms_close, which comes after that, sees the room. */
static portico_status room_publish_locked(room *r, portico_room *id, bool *found) {
    room *other = find_locked(&r->key);
    if (other != NULL) {
        *id = other->base.id;
        return PORTICO_E_EXISTS;
    }
    *found = entity_add(&r->base, 1);
    if (!*found) {
        return PORTICO_E_NO_MEMORY;
    }
    if (room_type_find(r->key.type->name) != r->key.type) {
        return PORTICO_E_NOT_FOUND;
    }
    HASH_ADD(hh, rooms.named, key, sizeof r->key, r);
    r->named = r->hh.tbl != NULL;
    return r->named ? PORTICO_OK : PORTICO_E_NO_MEMORY;
}

/* Gives the new room its id and name, and lets it open; or frees it. */
static portico_status room_add(room *r, portico_room *id) {
    bool found = false;
    os_mutex_lock(&rooms.lock);
    portico_status status = room_publish_locked(r, id, &found);
    if (status == PORTICO_OK) {
        os_mutex_lock(&r->lock);
        r->phase = ROOM_OPEN;
        os_mutex_unlock(&r->lock);
        *id = r->base.id;
        strand_push(&r->strand, &r->open_work);
    }
    os_mutex_unlock(&rooms.lock);
    if (status != PORTICO_OK && found) {
        entity_release(&r->base);
    } else if (status != PORTICO_OK) {
        room_free(&r->base);
    }
    return status;
}

portico_status room_create(const char *type, const char *name, portico_room *id) {
    generation *g = NULL;
    const registered_room *registered = NULL;
    *id = 0;
    if (!text_is_name(name)) {
        return PORTICO_E_INVALID;
    }
    *id = room_find(type, name);
    if (*id != 0) {
        return PORTICO_E_EXISTS;
    }
    room_type *t = room_type_enter(type, &g, &registered);
    if (t == NULL) {
        return PORTICO_E_NOT_FOUND;
    }
    room_key key = key_of(t, name);
    room *r = room_new(&key, g, registered);
    if (r == NULL) {
        room_type_leave(t, g);
        return PORTICO_E_NO_MEMORY;
    }
    return room_add(r, id);
}

portico_room room_find(const char *type, const char *name) {
    room_type *t = text_is_name(name) ? room_type_find(type) : NULL;
    if (t == NULL) {
        return 0;
    }
    room_key key =
        key_of(t, name); /* only the pointer counts: it does not matter if `t` goes meanwhile */
    os_mutex_lock(&rooms.lock);
    room *r = find_locked(&key);
    portico_room id = r != NULL ? r->base.id : 0;
    os_mutex_unlock(&rooms.lock);
    return id;
}

bool room_close(room *r, portico_status reason) {
    os_mutex_lock(&rooms.lock);
    if (r->named) {
        HASH_DEL(rooms.named, r);
        r->named = false;
    }
    os_mutex_unlock(&rooms.lock);
    os_mutex_lock(&r->lock);
    bool closes = r->phase == ROOM_OPEN;
    if (closes) {
        r->phase = ROOM_CLOSING;
        r->reason = reason;
    }
    os_mutex_unlock(&r->lock);
    if (closes) {
        strand_push(&r->strand, &r->close_work);
    }
    return closes;
}

typedef struct closing {
    const module *module;
    portico_status reason;
} closing;

static void close_room(void *arg, entity *e) {
    const closing *c = arg;
    room *r = (room *)e;
    if (c->module == NULL || r->module == c->module) {
        (void)room_close(r, c->reason);
    }
}

void rooms_close(const module *m, portico_status reason) {
    closing c = {.module = m, .reason = reason};
    entity_each(ENTITY_ROOM, close_room, &c);
}

uint64_t room_sweep(entity *e, uint64_t now_ms) {
    (void)now_ms;
    strand_kick(&((room *)e)->strand);
    return ENTITY_SWEEP_LATER;
}

typedef struct room_visit {
    void (*each)(void *arg, room *r);
    void *arg;
} room_visit;

static void visit_room(void *arg, entity *e) {
    const room_visit *visit = arg;
    visit->each(visit->arg, (room *)e);
}

void rooms_each(void (*each)(void *arg, room *r), void *arg) {
    room_visit visit = {.each = each, .arg = arg};
    entity_each(ENTITY_ROOM, visit_room, &visit);
}

uint32_t rooms_count(void) {
    return atomic_load(&rooms.count);
}

/* ---- what others see of it ------------------------------------------------------------------- */

entity *room_entity(room *r) {
    return &r->base;
}

const char *room_type_of(const room *r) {
    return r->key.type->name;
}

strand *room_strand(room *r) {
    return &r->strand;
}

room *room_from_entity(entity *e) {
    return (room *)e;
}

void room_describe(room *r, portico_room_info *info) {
    memset(info, 0, sizeof *info);
    info->opened_ms = r->opened_ms;
    snprintf(info->type, sizeof info->type, "%s", r->key.type->name);
    memcpy(info->name, r->key.name, sizeof info->name);
    os_mutex_lock(&r->lock);
    info->members = r->count;
    info->max_members = r->max_members;
    info->closing = r->phase != ROOM_OPEN;
    os_mutex_unlock(&r->lock);
}

void *room_state(room *r, const module *m) {
    if (turn_current() != &r->base || m != r->module) {
        return NULL;
    }
    return room_catch_up(r) ? r->state : NULL; /* inside the gate, as it is the module that asks */
}

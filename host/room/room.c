/* room.c: the table of rooms, how a room closes, and what others see of it. See room.h. */
#include "room/private.h"

#include "base/invariant.h"
#include "base/text.h"
#include "run/begun.h"
#include "run/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    os_mutex lock;
    os_port *port;
    room *named;
    _Atomic uint32_t count;
    uint32_t most;
} rooms;

void rooms_start(os_port *port, uint32_t most) {
    rooms.port = port;
    rooms.most = most;
}

void rooms_fini(void) {
    INVARIANT(rooms.named == NULL);
    room_types_fini();
}

static void follow_room(void *arg, entity *e) {
    room *r = (room *)e;
    if (r->module == arg && !atomic_exchange(&r->following, true)) {
        strand_push(&r->strand, &r->follow_work);
    }
}

void rooms_follow(const module *m) {
    entity_each(ENTITY_ROOM, follow_room, (void *)(uintptr_t)m);
}

typedef struct beginning {
    const module *module;
    bool serves;
} beginning;

static void begin_room(void *arg, entity *e) {
    const beginning *b = arg;
    room *r = (room *)e;
    if (r->module == b->module) {
        os_mutex_lock(&rooms.lock);
        bool waits = r->waits;
        r->waits = false;
        os_mutex_unlock(&rooms.lock);
        if (waits) {
            r->given_up = !b->serves; /* nobody reads it before the strand runs */
            strand_resume(&r->strand);
        }
    }
}

/* A room that is created at this moment is added under the lock. Before that it either sees that
 * the module serves, or is there to be visited. */
void rooms_begin(module *m, bool serves) {
    beginning b = {.module = m, .serves = serves};
    os_mutex_lock(&rooms.lock);
    atomic_store(&m->serves, serves);
    os_mutex_unlock(&rooms.lock);
    entity_each(ENTITY_ROOM, begin_room, &b);
}

static void room_free(entity *e) {
    room *r = (room *)e;
    INVARIANT(r->phase == ROOM_CLOSED && r->count == 0 && !r->named);
    room_drop_open_data(r);
    quota_give(r->inbox.quota, QUOTA_MEMORY, r->cost);
    quota_give(r->inbox.quota, QUOTA_ROOMS, 1);
    room_type_leave(r->key.type, r->generation);
    room_count_less();
    free(r->members);
    free(r->state);
    free(r);
}

bool room_count_one(void) {
    bool counted = atomic_fetch_add(&rooms.count, 1) < rooms.most;
    if (!counted) {
        room_count_less();
    }
    return counted;
}

void room_count_less(void) {
    atomic_fetch_sub(&rooms.count, 1);
}

void room_drop_open_data(room *r) {
    if (r->open_data != NULL) {
        quota_give(r->inbox.quota, QUOTA_MEMORY, r->open_size);
        free(r->open_data);
        r->open_data = NULL;
    }
}

room *room_alloc(const room_key *key, generation *g, const registered_room *type) {
    room *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return NULL;
    }
    if (type->shape.size > 0 && (r->state = calloc(1, type->shape.size)) == NULL) {
        free(r);
        return NULL;
    }
    r->key = *key;
    r->module = key->type->module;
    r->generation = g;
    r->type = type;
    r->max_members = type->max_members;
    r->opened_ms = worker_now_ms();
    r->begun = begun_now;
    r->phase = ROOM_CLOSED; /* until room_add */
    r->base.kind = ENTITY_ROOM;
    r->base.free = room_free;
    strand_init(&r->strand, &r->base, rooms.port);
    r->inbox.quota = r->module->quota;
    return r;
}

room_key room_key_of(room_type *type, const char *name) {
    room_key key;
    memset(&key, 0, sizeof key);
    key.type = type;
    snprintf(key.name, sizeof key.name, "%s", name);
    return key;
}

/* rooms.lock is held. */
static room *find_locked(const room_key *key) {
    room *r = NULL;
    HASH_FIND(hh, rooms.named, key, sizeof *key, r);
    return r;
}

/* Gives the room its id, and its name if it is free. Its type is looked up again after
 * entity_add: so either this sees that the module is being unloaded, or rooms_close, which comes
 * later, sees the room. */
static portico_status room_publish_locked(room *r, uint64_t *id, bool *found) {
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

portico_status room_add(room *r, uint64_t *id) {
    bool found = false;
    os_mutex_lock(&rooms.lock);
    portico_status status = room_publish_locked(r, id, &found);
    if (status == PORTICO_OK) {
        os_mutex_lock(&r->lock);
        r->phase = ROOM_OPEN;
        os_mutex_unlock(&r->lock);
        *id = r->base.id;
        r->waits = !atomic_load(&r->module->serves);
        if (r->waits) {
            strand_pause(&r->strand);
        }
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

uint64_t room_find(const char *type, const char *name) {
    room_type *t = text_is_name(name) ? room_type_find(type) : NULL;
    if (t == NULL) {
        return 0;
    }
    /* Only the pointer `t` is compared, so it does not matter if the type is gone by now. */
    room_key key = room_key_of(t, name);
    os_mutex_lock(&rooms.lock);
    room *r = find_locked(&key);
    uint64_t id = r != NULL ? r->base.id : 0;
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

static void undo_room(void *arg, entity *e) {
    room *r = (room *)e;
    if (r->begun == *(const uint32_t *)arg) {
        (void)room_close(r, PORTICO_E_UNLOADED);
    }
}

void rooms_undo(uint32_t begun) {
    entity_each(ENTITY_ROOM, undo_room, &begun);
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

room *room_hold(uint64_t id) {
    return (room *)entity_find_kind(id, ENTITY_ROOM);
}

void room_release(room *r) {
    if (r != NULL) {
        entity_release(&r->base);
    }
}

entity *room_entity(room *r) {
    return &r->base;
}

bool room_is_open(room *r) {
    os_mutex_lock(&r->lock);
    bool open = r->phase == ROOM_OPEN;
    os_mutex_unlock(&r->lock);
    return open;
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

/* room.c: see room.h. */
#include "room_private.h"

#include "invariant.h"
#include "label.h"
#include "session.h"
#include "status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct room_type {
    const registered_room *type;
    module *module;
    UT_hash_handle hh; /* by type->name */
} room_type;

static struct {
    os_mutex lock;
    os_port *port;
    room_type *types;
    room *named;
    _Atomic uint32_t count;
} rooms;

void rooms_start(os_port *port) {
    rooms.port = port;
}

void rooms_fini(void) {
    INVARIANT(rooms.named == NULL && rooms.types == NULL);
}

portico_status room_type_add(module *m, const registered_room *type) {
    room_type *t = calloc(1, sizeof *t);
    if (t == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    t->type = type;
    t->module = m;
    os_mutex_lock(&rooms.lock);
    HASH_ADD_KEYPTR(hh, rooms.types, type->name, strlen(type->name), t);
    bool added = t->hh.tbl != NULL;
    os_mutex_unlock(&rooms.lock);
    if (!added) {
        free(t);
        return PORTICO_E_NO_MEMORY;
    }
    return PORTICO_OK;
}

void room_type_remove(const registered_room *type) {
    room_type *t = NULL;
    os_mutex_lock(&rooms.lock);
    HASH_FIND_STR(rooms.types, type->name, t);
    if (t != NULL && t->type == type) {
        HASH_DEL(rooms.types, t);
        free(t);
    }
    os_mutex_unlock(&rooms.lock);
}

static void room_free(entity *e) {
    room *r = (room *)e;
    INVARIANT(r->phase == ROOM_CLOSED && r->count == 0 && !r->named);
    module_release(r->module);
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
    if (r->opened && r->key.type->on_close != NULL) {
        module *before = module_enter(r->module, "room on_close", 0, r->base.id);
        r->key.type->on_close(r->base.id, r->state, reason);
        module_leave(before);
    }
    entity_unhold(&r->base); /* the strand holds it still */
}

static void room_on_open(work *w) {
    room *r = (room *)((char *)w - offsetof(room, open_work));
    portico_status status = PORTICO_OK;
    r->opened = true;
    if (r->key.type->on_open != NULL) {
        module *before = module_enter(r->module, "room on_open", 0, r->base.id);
        status = r->key.type->on_open(r->base.id, r->state);
        module_leave(before);
    }
    if (status != PORTICO_OK) {
        room_close(r, status);
    }
}

static void room_on_close(work *w) {
    room *r = (room *)((char *)w - offsetof(room, close_work));
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
        session *s = session_find(members[i]);
        if (s != NULL) {
            session_leave_room(s, r, PORTICO_E_ROOM_CLOSED);
            session_release(s);
        }
    }
    free(members);
    room_end_if_empty(r);
}

/* A message has come to its turn. */
static void room_on_message(work *w) {
    message *m = (message *)w;
    room *r = (room *)m->to;
    const registered_message *handler = registry_find_message(r->key.type->messages, m->id);
    os_mutex_lock(&r->lock);
    bool open = r->phase == ROOM_OPEN;
    os_mutex_unlock(&r->lock);
    if (handler != NULL && open) {
        message_deliver(m, r->module, handler->call, r->state);
    }
    message_free(m);
}

static portico_status room_take(entity *e, message *m) {
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

static room_key key_of(const registered_room *type, const char *name) {
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

static room *room_new(module *m, const room_key *key) {
    room *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return NULL;
    }
    r->key = *key;
    r->module = m;
    r->base.kind = ENTITY_ROOM;
    r->opened_ms = worker_now_ms();
    r->base.free = room_free;
    r->base.take = room_take;
    r->open_work.run = room_on_open;
    r->close_work.run = room_on_close;
    strand_init(&r->strand, &r->base, rooms.port);
    if (key->type->shape.size > 0) {
        r->state = calloc(1, key->type->shape.size);
    }
    if ((key->type->shape.size > 0 && r->state == NULL) || !entity_add(&r->base, 1)) {
        free(r->state);
        free(r);
        return NULL;
    }
    module_hold(m);
    atomic_fetch_add(&rooms.count, 1);
    return r;
}

static portico_status create_locked(const room_type *t, const char *name, portico_room *id) {
    room_key key = key_of(t->type, name);
    room *r = find_locked(&key);
    if (r != NULL) {
        *id = r->base.id;
        return PORTICO_E_EXISTS;
    }
    r = room_new(t->module, &key);
    if (r == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    HASH_ADD(hh, rooms.named, key, sizeof r->key, r);
    if (r->hh.tbl == NULL) {
        r->phase = ROOM_CLOSED;
        entity_release(&r->base);
        return PORTICO_E_NO_MEMORY;
    }
    r->named = true;
    *id = r->base.id;
    strand_push(&r->strand, &r->open_work);
    return PORTICO_OK;
}

portico_status room_create(const char *type, const char *name, portico_room *id) {
    *id = 0;
    if (!label_valid(name)) {
        return PORTICO_E_INVALID;
    }
    room_type *t = NULL;
    os_mutex_lock(&rooms.lock);
    HASH_FIND_STR(rooms.types, type, t);
    portico_status status = t != NULL ? create_locked(t, name, id) : PORTICO_E_NOT_FOUND;
    os_mutex_unlock(&rooms.lock);
    return status;
}

portico_room room_find(const char *type, const char *name) {
    portico_room id = 0;
    room_type *t = NULL;
    if (!label_valid(name)) {
        return 0;
    }
    os_mutex_lock(&rooms.lock);
    HASH_FIND_STR(rooms.types, type, t);
    if (t != NULL) {
        room_key key = key_of(t->type, name);
        room *r = find_locked(&key);
        id = r != NULL ? r->base.id : 0;
    }
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

static void kick_room(void *arg, entity *e) {
    (void)arg;
    strand_kick(&((room *)e)->strand);
}

void rooms_kick(void) {
    entity_each(ENTITY_ROOM, kick_room, NULL);
}

uint32_t rooms_count(void) {
    return atomic_load(&rooms.count);
}

/* ---- what others see of it ------------------------------------------------------------------- */

entity *room_entity(room *r) {
    return &r->base;
}

strand *room_strand(room *r) {
    return &r->strand;
}

room *room_from_entity(entity *e) {
    return (room *)e;
}

void room_describe(room *r, portico_room_info *info) {
    memset(info, 0, sizeof *info);
    info->max_members = r->key.type->max_members;
    info->opened_ms = r->opened_ms;
    snprintf(info->type, sizeof info->type, "%s", r->key.type->name);
    memcpy(info->name, r->key.name, sizeof info->name);
    os_mutex_lock(&r->lock);
    info->members = r->count;
    info->closing = r->phase != ROOM_OPEN;
    os_mutex_unlock(&r->lock);
}

void *room_state(room *r, const module *m) {
    return turn_current() == &r->base && m == r->module ? r->state : NULL;
}

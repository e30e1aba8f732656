/* turn.c: what runs in a room's turn: its works and the calls of its handlers. See room.h. */
#include "room/private.h"

#include "module/state_take_over.h"
#include "os/compiler.h"
#include "run/meter.h"
#include "run/request.h"

#include <stdlib.h>
#include <string.h>

/* Brings the state to the generation `g`. Returns as room_catch_up. */
COLD static bool room_take_over(room *r, generation *g) {
    portico_status status = PORTICO_E_NOT_FOUND;
    registered_room *type = registry_find_room(g->registry, r->key.type->name);
    if (type != NULL) {
        const state_owner owner = {.name = r->key.type->name, .entity = r->base.id};
        r->taking_over = true;
        entity *asks = turn_act(&r->base); /* maybe a member, for the room's state */
        status =
            state_take_over(&owner, r->generation, &r->type->shape, &r->state, &type->shape,
                            r->opened ? type->migrate : NULL, r->opened ? &type->reserve : NULL);
        (void)turn_act(asks);
        r->taking_over = false;
        generation *before = r->generation;
        r->generation = g;
        r->type = type;
        generation_hold_state(g);
        generation_release_state(before);
        os_mutex_lock(&r->lock);
        r->max_members = type->max_members;
        os_mutex_unlock(&r->lock);
    }
    r->broken = status != PORTICO_OK;
    if (r->broken) {
        (void)room_close(r, status);
    }
    return !r->broken;
}

/* Inside the gate: brings the state to the generation that serves. False: that generation does
 * not have the type, or cannot take over the state; the room closes. */
static bool room_catch_up(room *r) {
    generation *g = module_generation(r->module);
    if (r->generation == g || r->broken) {
        return !r->broken;
    }
    if (r->taking_over) {
        return false; /* its own migrate asks */
    }
    return room_take_over(r, g);
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

void *room_state(room *r, const module *m) {
    if (turn_current() != &r->base || m != r->module) {
        return NULL;
    }
    return room_catch_up(r) ? r->state : NULL; /* the module that asks is inside its gate */
}

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
            r->type->on_close((portico_room){r->base.id}, r->state, reason);
        }
        room_end(r);
    }
    requests_end(&r->base);
    entity_release_not_last(&r->base); /* its strand still holds it */
}

void room_on_open(work *w) {
    room *r = container_of(w, room, open_work);
    portico_status status = PORTICO_OK;
    if (!r->given_up && room_begin(r, "room on_open", 0, r->base.id)) {
        r->opened = true;
        if (r->type->on_open != NULL) {
            status =
                r->type->on_open((portico_room){r->base.id}, r->state, r->open_data, r->open_size);
        }
        room_end(r);
    }
    free(r->open_data);
    r->open_data = NULL;
    if (status != PORTICO_OK) {
        room_close(r, status);
    }
}

void room_on_close(work *w) {
    room *r = container_of(w, room, close_work);
    os_mutex_lock(&r->lock);
    uint32_t count = r->count;
    portico_session *members = count > 0 ? malloc(count * sizeof *members) : NULL;
    if (members != NULL) {
        memcpy(members, r->members, count * sizeof *members);
    }
    os_mutex_unlock(&r->lock);
    if (count > 0 && members == NULL) {
        strand_push(&r->strand, &r->close_work); /* out of memory: try again later */
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        entity *member = entity_find(members[i].id);
        if (member != NULL) {
            member->leave(member, &r->base, PORTICO_E_ROOM_CLOSED);
            entity_release(member);
        }
    }
    free(members);
    room_end_if_empty(r);
}

void room_on_follow(work *w) {
    room *r = container_of(w, room, follow_work);
    atomic_store(&r->following, false);
    if (r->generation != module_generation(r->module) && room_begin(r, "migrate", 0, r->base.id)) {
        room_end(r);
    }
}

/* A message's turn has come. */
static void room_on_message(work *w) {
    message *m = (message *)w;
    room *r = (room *)m->to;
    if (room_is_open(r) && room_begin(r, "message", m->id, r->base.id)) {
        const registered_handler *handler = registry_find_handler(r->type->messages, m->id);
        if (handler == NULL) {
            message_refuse(m);
        } else {
            uint64_t began_ns = meter_begin();
            const portico_message shown = message_show(m);
            handler->call.room_message((portico_room){r->base.id}, r->state, &shown);
            meter_end(began_ns, 0, METER_ROOM_MESSAGE, r->key.type->name, m->id);
        }
        room_end(r);
    }
    message_free(m);
}

portico_status room_take_message(entity *e, message *m) {
    room *r = (room *)e;
    if (!room_is_open(r)) {
        return PORTICO_E_GONE;
    }
    if (strand_count(&r->strand) >= MESSAGES_WAITING_MAX && !message_is_reply(m)) {
        return PORTICO_E_BACKLOG;
    }
    m->work.run = room_on_message;
    strand_push(&r->strand, &m->work);
    return PORTICO_OK;
}

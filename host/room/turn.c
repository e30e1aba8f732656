/* turn.c: what runs in a room's turn: its works and the calls of its handlers. See room.h. */
#include "room/private.h"

#include "module/state_take_over.h"
#include "os/compiler.h"
#include "run/meter.h"
#include "run/turns.h"
#include "run/request.h"
#include "run/schedule.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Brings the state to the generation `g`. Returns as room_catch_up. */
COLD static passage room_take_over(room *r, generation *g) {
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
        if (status == PORTICO_E_FAULT && gate_is_frozen(&r->module->gate)) {
            return GATE_PARK; /* the state is as before */
        }
        generation *before = r->generation;
        if (status != PORTICO_OK) {
            state_tell_lost(&owner, before, status);
        }
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
    return r->broken ? GATE_NEVER : GATE_PASSED;
}

/* Inside the gate: brings the state to the generation that serves. GATE_NEVER: that generation does
 * not have the type, or cannot take over the state; the room closes. GATE_PARK: its `migrate` has
 * faulted, and another build is going to serve. */
static passage room_catch_up(room *r) {
    generation *g = module_generation(r->module);
    if (r->generation == g || r->broken) {
        return r->broken ? GATE_NEVER : GATE_PASSED;
    }
    if (r->taking_over) {
        return GATE_NEVER; /* its own migrate asks */
    }
    return room_take_over(r, g);
}

passage room_begin(room *r, call_kind kind, uint32_t number, uint64_t entity_id) {
    passage p = module_enter(r->module, call_what(kind), number, entity_id);
    if (p == GATE_PASSED) {
        p = room_catch_up(r);
        if (p != GATE_PASSED) {
            module_leave(r->module);
        }
    }
    return p;
}

call room_call(const room *r, call_kind kind) {
    return (call){.kind = kind,
                  .state = r->state,
                  .state_size = r->type->shape.size,
                  .entity = r->base.id,
                  .type = r->key.type->name};
}

void room_traced(const room *r, trace_event *e) {
    e->room = r->base.id;
    e->room_type = r->key.type->name;
    trace_event_record(e);
}

/* OPEN or CLOSE. */
static void trace_life(const room *r, trace_what what, portico_status status) {
    if (trace_on()) {
        room_traced(r, &(trace_event){.what = what, .status = status, .generation = r->generation});
    }
}

COLD static void trace_message(const room *r, const registered_handler *row, const message *m) {
    room_traced(r, &(trace_event){.what = message_is_timed(m) ? TRACE_TIMER : TRACE_MESSAGE,
                                  .from = m->other,
                                  .number = m->id,
                                  .data = m->bytes,
                                  .size = m->size,
                                  .row = row,
                                  .generation = r->generation});
}

COLD static void trace_fault(const room *r, const call *c) {
    room_traced(r, &(trace_event){.what = TRACE_FAULT,
                                  .word = call_what(c->kind),
                                  .number = c->number,
                                  .session = c->member});
}

bool room_make(room *r, call *c) {
    bool returned = call_make(c);
    if (!returned && trace_on()) {
        trace_fault(r, c);
    }
    if (!returned && c->lost) {
        (void)room_close(r, PORTICO_E_FAULT);
    }
    return returned;
}

void room_park(room *r, work *w) {
    strand_park(&r->strand, w);
    if (!gate_parks(&r->module->gate)) {
        strand_revive(&r->strand);
    }
}

const module *room_waits_for(room *r) {
    return strand_is_parked(&r->strand) ? r->module : NULL;
}

void room_revive(room *r) {
    strand_revive(&r->strand);
}

void room_end(room *r) {
    module_leave(r->module);
}

void *room_state(room *r, const module *m) {
    if (turn_current() != &r->base || m != r->module) {
        return NULL;
    }
    if (room_catch_up(r) != GATE_PASSED) { /* the module that asks is inside its gate */
        return NULL;
    }
    call_keep_also(r->state, r->type->shape.size);
    return r->state;
}

/* Calls on_close of a room that has ended. False: the gate is shut. */
static bool room_call_close(room *r, portico_status reason) {
    if (!r->opened) {
        return true;
    }
    passage p = room_begin(r, CALL_ROOM_CLOSE, 0, r->base.id);
    if (p == GATE_PASSED) {
        trace_life(r, TRACE_CLOSE, reason);
        if (r->type->on_close != NULL) {
            call c = room_call(r, CALL_ROOM_CLOSE);
            c.fn.room_close = r->type->on_close;
            c.reason = reason;
            (void)room_make(r, &c);
        }
        room_end(r);
    }
    return p != GATE_PARK;
}

/* Ends a room that is CLOSED. The works queued after this one find it closed, and are dropped.
 * False: the gate is shut. */
static bool room_finish(room *r) {
    os_mutex_lock(&r->lock);
    portico_status reason = r->reason;
    os_mutex_unlock(&r->lock);
    if (!room_call_close(r, reason)) {
        return false;
    }
    requests_end(&r->base);
    schedules_end(&r->base);
    entity_release_not_last(&r->base); /* its strand still holds it */
    return true;
}

void room_on_end(work *w) {
    room *r = container_of(w, room, end_work);
    if (!room_finish(r)) {
        room_park(r, w);
    }
}

void room_end_if_empty(room *r) {
    os_mutex_lock(&r->lock);
    bool ends = r->phase == ROOM_CLOSING && r->count == 0;
    if (ends) {
        r->phase = ROOM_CLOSED;
    }
    os_mutex_unlock(&r->lock);
    if (ends && !room_finish(r)) {
        strand_push(&r->strand, &r->end_work);
    }
}

/* Inside the gate. */
static portico_status room_call_open(room *r) {
    r->opened = true;
    trace_life(r, TRACE_OPEN, PORTICO_OK);
    if (r->type->on_open == NULL) {
        return PORTICO_OK;
    }
    call c = room_call(r, CALL_ROOM_OPEN);
    c.fn.room_open = r->type->on_open;
    c.data = r->open_data;
    c.size = r->open_size;
    if (!room_make(r, &c) && !c.lost && gate_is_frozen(&r->module->gate)) {
        r->opened = false; /* the build that serves next opens it */
    }
    return c.status;
}

void room_on_open(work *w) {
    room *r = container_of(w, room, open_work);
    portico_status status = PORTICO_OK;
    passage p = r->given_up ? GATE_NEVER : room_begin(r, CALL_ROOM_OPEN, 0, r->base.id);
    if (p == GATE_PASSED) {
        status = room_call_open(r);
        p = r->opened ? GATE_PASSED : GATE_PARK;
        room_end(r);
    }
    if (p == GATE_PARK) {
        room_park(r, w);
        return;
    }
    room_drop_open_data(r);
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
    if (r->generation != module_generation(r->module) &&
        room_begin(r, CALL_MIGRATE, 0, r->base.id) == GATE_PASSED) {
        room_end(r);
    }
}

/* [turn] */
static void room_count_message(room *r, bool periodic) {
    own_count_add(&r->messages, 1);
    if (periodic) {
        own_count_add(&r->ticks, 1);
    }
}

/* Inside the gate. */
static void room_call_message(room *r, message *m) {
    const registered_handler *handler = registry_find_handler(r->type->messages, m->id);
    if (handler == NULL) {
        message_refuse(m);
        return;
    }
    if (trace_on()) {
        trace_message(r, handler, m);
    }
    turns_waited(r->module->watch_name, m->posted_ns);
    room_count_message(r, message_is_periodic(m));
    uint64_t began_ns = meter_begin();
    const portico_message shown = message_show(m);
    call c = room_call(r, CALL_ROOM_MESSAGE);
    c.number = m->id;
    c.fn.handler = handler->call;
    c.data = m->bytes;
    c.size = m->size;
    c.shown = &shown;
    if (room_make(r, &c)) {
        meter_end(began_ns, 0, METER_ROOM_MESSAGE, r->key.type->name, m->id);
    } else {
        request_fault(m->request);
    }
}

/* A message's turn has come. */
static void room_on_message(work *w) {
    message *m = (message *)w;
    room *r = (room *)m->to;
    if (room_is_open(r)) {
        passage p = room_begin(r, CALL_ROOM_MESSAGE, m->id, r->base.id);
        if (p == GATE_PARK) {
            room_park(r, w);
            return;
        }
        if (p == GATE_PASSED) {
            room_call_message(r, m);
            room_end(r);
        }
    }
    message_free(m);
}

COLD static void room_refuse_message(room *r, uint32_t waiting) {
    char to[3 * PORTICO_LABEL_MAX + 16];
    snprintf(to, sizeof to, "room %s %s", r->key.type->name, r->key.name);
    inbox_refuse(&r->inbox, ENTITY_ROOM, module_current_quota(), to, waiting);
}

portico_status room_take_message(entity *e, message *m) {
    room *r = (room *)e;
    if (!room_is_open(r)) {
        return PORTICO_E_GONE;
    }
    uint32_t waiting = strand_count(&r->strand);
    portico_status status = inbox_admit(&r->inbox, ENTITY_ROOM, m, waiting);
    if (status != PORTICO_OK) {
        room_refuse_message(r, waiting);
        return status;
    }
    m->work.run = room_on_message;
    strand_push(&r->strand, &m->work);
    return PORTICO_OK;
}

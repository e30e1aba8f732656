/* traced.c: see traced.h. */
#include "session/traced.h"

/* An event of the session, in its room. [turn, or lock] */
static trace_event event_of(const session *s, trace_what what) {
    trace_event e = {.what = what, .session = s->base.id, .session_type = s->service->type->name};
    if (s->home != NULL) {
        e.room = room_entity(s->home)->id;
        e.room_type = room_type_of(s->home);
    }
    return e;
}

void traced_packet(const session *s, const layout_handler *h, const portico_packet *packet) {
    trace_event e = event_of(s, TRACE_IN);
    e.number = packet->opcode;
    e.data = packet->data;
    e.size = packet->size;
    e.row = h->row;
    e.generation = s->layout->parts[h->part].generation;
    trace_event_record(&e);
}

void traced_rejected(const session *s, const registered_handler *row, const portico_packet *packet,
                     const char *why) {
    trace_event e = event_of(s, TRACE_REJECTED);
    e.number = packet->opcode;
    e.data = packet->data;
    e.size = packet->size;
    e.word = why;
    if (row != NULL) {
        e.row = row;
        e.generation = s->layout->parts[layout_find(s->layout, packet->opcode)->part].generation;
    }
    trace_event_record(&e);
}

void traced_message(const session *s, const attachment *a, const registered_handler *row,
                    const message *m) {
    trace_event e = event_of(s, message_is_timed(m) ? TRACE_TIMER : TRACE_MESSAGE);
    e.from = m->other;
    e.number = m->id;
    e.data = m->bytes;
    e.size = m->size;
    e.row = row;
    e.generation = a->generation;
    trace_event_record(&e);
}

void traced_life(const session *s, const attachment *a, trace_what what, portico_status status) {
    trace_event e = event_of(s, what);
    e.status = status;
    e.generation = a->generation;
    trace_event_record(&e);
}

void traced_fault(const session *s, const call *c) {
    trace_event e = event_of(s, TRACE_FAULT);
    e.word = call_what(c->kind);
    e.number = c->number;
    trace_event_record(&e);
}

/* ---- what is sent ---------------------------------------------------------------------------- */

/* How the opcode is declared by a module of the layout that sends it. */
static void declare(trace_event *e, const layout *l) {
    for (uint32_t i = 0; l != NULL && i < l->part_count && e->row == NULL; i++) {
        e->row = registry_find_handler(l->parts[i].type->sends, e->number);
        e->generation = e->row != NULL ? l->parts[i].generation : NULL;
    }
}

void traced_send_prepare(traced_send *t, const session *s, uint16_t opcode, const void *data,
                         uint32_t size) {
    uint32_t version = 0;
    t->layout = session_type_layout(s->service->type, &version);
    t->event = (trace_event){.number = opcode, .data = data, .size = size};
    declare(&t->event, t->layout);
}

void traced_send_record_locked(traced_send *t, const session *s) {
    trace_event e = event_of(s, TRACE_OUT);
    e.number = t->event.number;
    e.data = t->event.data;
    e.size = t->event.size;
    e.row = t->event.row;
    e.generation = t->event.generation;
    trace_event_record(&e);
}

void traced_send_drop(traced_send *t) {
    layout_release(t->layout);
}

/* Records the broadcast if the trace concerns it by this member, whose type declares it. */
static bool put_for_member(trace *t, trace_event *e, uint64_t id) {
    bool by_id = trace_spec_of(t)->kind == TRACE_SESSION;
    session *s = by_id && trace_spec_of(t)->id != id ? NULL : session_find(id);
    if (s == NULL) {
        return false;
    }
    uint32_t version = 0;
    layout *l = session_type_layout(s->service->type, &version);
    e->session = by_id ? id : 0;
    e->session_type = s->service->type->name;
    declare(e, l);
    bool put = by_id || trace_concerns(t, e);
    if (put) {
        trace_put(t, e);
    }
    layout_release(l);
    session_release(s);
    return put;
}

void traced_broadcast(const broadcast *b, const portico_session *members, uint32_t count,
                      uint64_t except) {
    uint32_t receivers = count;
    for (uint32_t i = 0; i < count; i++) {
        receivers -= members[i].id == except;
    }
    for (uint32_t slot = 0; slot < TRACES_MAX && receivers > 0; slot++) {
        trace *t = trace_enter(slot);
        bool put = t == NULL;
        for (uint32_t i = 0; i < count && !put; i++) {
            trace_event e = {.what = TRACE_BROADCAST,
                             .room = b->room,
                             .room_type = b->room_type,
                             .number = b->opcode,
                             .count = receivers,
                             .data = b->data,
                             .size = b->size};
            put = members[i].id != except && put_for_member(t, &e, members[i].id);
        }
        if (t != NULL) {
            trace_leave(t);
        }
    }
}

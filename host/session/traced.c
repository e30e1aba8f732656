/* traced.c: see traced.h. */
#include "session/traced.h"

/* Records the event as one of the session, in its room. [turn, or lock] */
static void record(const session *s, trace_event *e) {
    e->session = s->base.id;
    e->session_type = s->service->type->name;
    if (s->home != NULL) {
        e->room = room_entity(s->home)->id;
        e->room_type = room_type_of(s->home);
    }
    trace_event_record(e);
}

void traced_packet(const session *s, const layout_handler *h, const portico_packet *packet) {
    record(s, &(trace_event){.what = TRACE_IN,
                             .number = packet->opcode,
                             .data = packet->data,
                             .size = packet->size,
                             .row = h->row,
                             .generation = s->layout->parts[h->part].generation});
}

void traced_rejected(const session *s, const registered_handler *row, const portico_packet *packet,
                     const char *why) {
    trace_event e = {.what = TRACE_REJECTED,
                     .number = packet->opcode,
                     .data = packet->data,
                     .size = packet->size,
                     .word = why};
    if (row != NULL) {
        e.row = row;
        e.generation = s->layout->parts[layout_find(s->layout, packet->opcode)->part].generation;
    }
    record(s, &e);
}

void traced_message(const session *s, const attachment *a, const registered_handler *row,
                    const message *m) {
    record(s, &(trace_event){.what = message_is_timed(m) ? TRACE_TIMER : TRACE_MESSAGE,
                             .from = m->other,
                             .number = m->id,
                             .data = m->bytes,
                             .size = m->size,
                             .row = row,
                             .generation = a->generation});
}

void traced_life(const session *s, const attachment *a, trace_what what, portico_status status) {
    record(s, &(trace_event){.what = what, .status = status, .generation = a->generation});
}

void traced_fault(const session *s, const call *c) {
    record(s, &(trace_event){.what = TRACE_FAULT, .word = call_what(c->kind), .number = c->number});
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
    t->event = (trace_event){.what = TRACE_OUT, .number = opcode, .data = data, .size = size};
    declare(&t->event, t->layout);
}

void traced_send_record_locked(traced_send *t, const session *s) {
    record(s, &t->event);
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

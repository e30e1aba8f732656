/* fault_record.c: see fault_record.h. */
#include "module/fault_record.h"

#include "base/put.h"
#include "module/packet_show.h"
#include "run/entity_table.h"

#include <string.h>

/* Copies a text of somebody else's, cut. */
static void copy(char *to, size_t size, const char *from) {
    put p = put_begin(to, size);
    put_foreign(&p, from, strnlen(from, size));
}

/* ---- the call ------------------------------------------------------------------------------- */

static bool is_of_session(call_kind kind) {
    return kind >= CALL_OPEN && kind <= CALL_WATERMARK;
}

static bool is_of_room(call_kind kind) {
    return kind >= CALL_ROOM_OPEN && kind <= CALL_LEAVE;
}

static bool is_message(call_kind kind) {
    return kind == CALL_MODULE_MESSAGE || kind == CALL_SESSION_MESSAGE || kind == CALL_ROOM_MESSAGE;
}

/* The table that declares the messages or jobs to which the call belongs. */
static const registered_handler *handlers_of(const generation *g, const call *c) {
    const registered_type *type = NULL;
    const registered_room *room = NULL;
    switch (c->kind) {
    case CALL_MODULE_MESSAGE: return g->registry->messages;
    case CALL_JOB: return g->registry->jobs;
    case CALL_SESSION_MESSAGE:
        type = c->type != NULL ? registry_find(g->registry, c->type) : NULL;
        return type != NULL ? type->messages : NULL;
    case CALL_ROOM_MESSAGE:
        room = c->type != NULL ? registry_find_room(g->registry, c->type) : NULL;
        return room != NULL ? room->messages : NULL;
    default: return NULL;
    }
}

static void fill_name(fault_record *r, const generation *g, const call *c) {
    const registered_handler *row = c->row;
    if (row == NULL && g->registry != NULL) {
        const registered_handler *table = handlers_of(g, c);
        row = table != NULL ? registry_find_handler(table, c->number) : NULL;
    }
    if (row != NULL) {
        copy(r->name, sizeof r->name, row->name);
    }
}

static void fill_data(fault_record *r, const call *c) {
    put p = put_begin(r->data, sizeof r->data);
    if (c->kind == CALL_PACKET) {
        r->data_what = "packet";
    } else if (is_message(c->kind)) {
        r->data_what = "message";
    } else if (c->kind == CALL_JOB || c->kind == CALL_ROOM_OPEN) {
        r->data_what = "data";
    } else {
        return;
    }
    r->data_size = c->size;
    if (c->data != NULL && c->row != NULL && c->row->layout != NULL) {
        packet_show(&p, c->row->layout, c->data, c->size);
    } else if (c->data != NULL) {
        packet_show_bytes(&p, c->data, c->size);
    }
}

static void fill_call(fault_record *r, const generation *g, const call *c, fault_peer_of *peer_of) {
    uint64_t session = is_of_session(c->kind) ? c->entity : c->member;
    r->what = call_what(c->kind);
    r->kind = c->kind;
    r->number = c->number;
    r->has_number = c->kind == CALL_PACKET || c->kind == CALL_JOB || is_message(c->kind);
    r->entity = c->entity;
    r->entity_what = is_of_session(c->kind) ? "session" : is_of_room(c->kind) ? "room" : "entity";
    r->member = c->member;
    r->verdict = c->verdict;
    r->restored = c->restored;
    r->lost = c->lost;
    r->lost_room = c->lost_room;
    r->lost_bytes = c->lost_bytes;
    if (c->type != NULL) {
        copy(r->type, sizeof r->type, c->type);
    }
    fill_name(r, g, c);
    fill_data(r, c);
    /* In a handler only of the session whose turn this is: a release of another may be its end. */
    bool held = is_of_session(c->kind) || r->event != FAULT_EVENT_ENDS;
    if (session != 0 && held && peer_of != NULL) {
        peer_of(session, r->peer);
    }
}

/* ---- the rest ------------------------------------------------------------------------------- */

static void fill_module(fault_record *r, const module *m, const generation *g) {
    copy(r->module, sizeof r->module, m->name);
    r->aborts = m->aborts;
    copy(r->version, sizeof r->version, g->version);
    copy(r->file, sizeof r->file, g->file != NULL ? g->file : "");
    r->generation = g->number;
    r->built_ms = g->built_ms;
    r->since_ms = g->since_ms;
    r->image_begin = g->image_begin;
    r->image_end = g->image_end;
    r->call_count = watchdog_recent(r->module, r->calls, FAULT_CALLS_MAX);
}

static void begin(fault_record *r, fault_event event, const os_fault *fault) {
    memset(r, 0, sizeof *r);
    r->event = event;
    r->verdict = event == FAULT_EVENT_ENDS ? FAULT_ENDED : FAULT_DROPPED;
    r->wall_ms = os_wall_ms();
    r->now_ns = os_monotonic_ns();
    r->entity_what = "entity";
    if (fault != NULL) {
        r->fault = *fault;
        r->has_fault = true;
    }
}

void fault_record_fill(fault_record *r, fault_event event, const module *m, const generation *g,
                       const call *c, const os_fault *fault, fault_peer_of *peer_of) {
    begin(r, event, fault);
    if (m != NULL && g != NULL) {
        fill_module(r, m, g);
        if (c != NULL) {
            fill_call(r, g, c, peer_of);
        }
    }
    if (event == FAULT_EVENT_ENDS) {
        r->verdict = FAULT_ENDED;
    }
}

static void fill_if_named(void *arg, module *m) {
    fault_record *r = arg;
    if (strcmp(m->name, r->module) == 0) {
        fill_module(r, m, module_generation(m));
    }
}

void fault_record_fill_slow(fault_record *r, fault_event event, const watchdog_call *c,
                            const os_fault *where, fault_peer_of *peer_of) {
    begin(r, event, where);
    copy(r->module, sizeof r->module, c->module);
    module_table_each(fill_if_named, r);
    r->what = c->what;
    r->number = c->number;
    r->has_number = c->what == NULL || strcmp(c->what, call_what(CALL_PACKET)) == 0 ||
                    strcmp(c->what, call_what(CALL_ROOM_MESSAGE)) == 0;
    r->entity = c->entity;
    r->entity_what = entity_word(c->entity);
    r->now_ns = r->now_ns > c->started_ns ? r->now_ns : c->started_ns;
    r->slow_ms = (r->now_ns - c->started_ns) / 1000000;
    if (peer_of != NULL && c->entity != 0) {
        peer_of(c->entity, r->peer);
    }
}

uint32_t fault_record_frame(const fault_record *r) {
    for (uint32_t i = 0; i < r->fault.frame_count; i++) {
        if (r->fault.frames[i] >= r->image_begin && r->fault.frames[i] < r->image_end) {
            return i;
        }
    }
    return 0;
}

/* call.c: see call.h. */
#include "session/call.h"

#include "session/private.h"
#include "session/traced.h"

passage call_begin(session *s, attachment *a, call_kind kind, uint32_t number) {
    passage p = module_enter(a->module, call_what(kind), number, s->base.id);
    if (p == GATE_PASSED) {
        p = attachment_catch_up(s, a);
        if (p != GATE_PASSED) {
            module_leave(a->module);
        }
    }
    if (p == GATE_PARK) {
        s->parks_at = a->module;
    }
    return p;
}

/* A call has faulted. Its room ends if the session's handler has left its state half changed. */
static void pay_room(const session *s, const call *c) {
    if (trace_on()) {
        traced_fault(s, c);
    }
    if (c->lost_room && s->home != NULL) {
        (void)room_close(s->home, PORTICO_E_FAULT);
    }
}

void call_pay(session *s, const call *c) {
    pay_room(s, c);
    if (c->verdict == FAULT_CLOSED || c->lost) {
        session_close(s, PORTICO_E_FAULT);
    }
}

/* A call of the attachment, which the caller completes by its function. */
static call describe(const session *s, const attachment *a, call_kind kind) {
    return (call){.kind = kind,
                  .state = a->state,
                  .state_size = a->state_size,
                  .entity = s->base.id,
                  .type = s->service->type->name};
}

/* on_open has faulted. If another build is going to serve, that build opens the session. */
static portico_status open_faulted(session *s, attachment *a, const call *c) {
    pay_room(s, c);
    if (c->verdict == FAULT_CLOSED || c->lost) {
        return PORTICO_E_FAULT;
    }
    a->opened = false;
    s->parks_at = a->module;
    return PORTICO_OK;
}

bool call_open(session *s, attachment *a, portico_status *status) {
    *status = PORTICO_OK;
    passage p = call_begin(s, a, CALL_OPEN, 0);
    if (p == GATE_NEVER && a->type->owned) {
        *status = PORTICO_E_UNLOADED; /* nobody else may open it */
    } else if (p == GATE_PASSED) {
        a->opened = true;
        if (trace_on()) {
            traced_life(s, a, TRACE_OPEN, PORTICO_OK);
        }
        if (a->type->on_open != NULL) {
            call c = describe(s, a, CALL_OPEN);
            c.fn.open = a->type->on_open;
            *status = call_make(&c) ? c.status : open_faulted(s, a, &c);
        }
        module_leave(a->module);
    }
    return s->parks_at == NULL;
}

bool call_close(session *s, attachment *a, portico_status reason) {
    if (!a->opened) {
        return true;
    }
    passage p = call_begin(s, a, CALL_CLOSE, 0);
    if (p == GATE_PASSED) {
        if (trace_on()) {
            traced_life(s, a, TRACE_CLOSE, reason);
        }
        if (a->type->on_close != NULL) {
            call c = describe(s, a, CALL_CLOSE);
            c.fn.close = a->type->on_close;
            c.reason = reason;
            if (!call_make(&c)) {
                pay_room(s, &c);
            }
        }
        module_leave(a->module);
    }
    a->opened = p == GATE_PARK;
    return p != GATE_PARK;
}

bool call_watermark(session *s, attachment *a, uint32_t queued_bytes, bool above) {
    passage p = a->opened ? call_begin(s, a, CALL_WATERMARK, 0) : GATE_NEVER;
    if (p == GATE_PASSED) {
        if (a->type->on_watermark != NULL) {
            call c = describe(s, a, CALL_WATERMARK);
            c.fn.watermark = a->type->on_watermark;
            c.number = queued_bytes;
            c.above = above;
            if (!call_make(&c)) {
                call_pay(s, &c);
            }
        }
        module_leave(a->module);
    }
    return p != GATE_PARK;
}

bool call_catch_up(session *s, attachment *a) {
    passage p = GATE_NEVER;
    if (a->generation != module_generation(a->module)) {
        p = call_begin(s, a, CALL_MIGRATE, 0);
        if (p == GATE_PASSED) {
            module_leave(a->module);
        }
    }
    return p != GATE_PARK;
}

/* call.c: see call.h. */
#include "session/call.h"

#include "session/private.h"

/* Enters the gate of a's module for a call. False: it must not be called. */
bool call_begin(session *s, attachment *a, const char *what, uint32_t number) {
    module_enter(a->module, what, number, s->base.id);
    bool fit = attachment_catch_up(s, a);
    if (!fit) {
        module_leave(a->module);
    }
    return fit;
}

portico_status call_open(session *s, attachment *a) {
    portico_status status = PORTICO_OK;
    if (call_begin(s, a, "on_open", 0)) {
        a->opened = true;
        if (a->type->on_open != NULL) {
            status = a->type->on_open((portico_session){s->base.id}, a->state);
        }
        module_leave(a->module);
    }
    return status;
}

void call_close(session *s, attachment *a, portico_status reason) {
    if (a->opened && call_begin(s, a, "on_close", 0)) {
        if (a->type->on_close != NULL) {
            a->type->on_close((portico_session){s->base.id}, a->state, reason);
        }
        module_leave(a->module);
    }
    a->opened = false;
}

void call_watermark(session *s, attachment *a, uint32_t queued_bytes, bool above) {
    if (a->opened && call_begin(s, a, "on_watermark", 0)) {
        if (a->type->on_watermark != NULL) {
            a->type->on_watermark((portico_session){s->base.id}, a->state, queued_bytes, above);
        }
        module_leave(a->module);
    }
}

void call_catch_up(session *s, attachment *a) {
    if (a->generation != module_generation(a->module) && call_begin(s, a, "migrate", 0)) {
        module_leave(a->module);
    }
}

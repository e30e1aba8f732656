/* dispatch.c: see dispatch.h.
 *
 * A handler is found in the session's layout before the gate of its module is entered, and a swap
 * may replace the layout in between. Then the part's generation is not the one that serves, and the
 * handler is looked up again in the new layout. Swaps of other modules do not matter to the call.
 *
 * If the layout has no handler, there is no gate to enter that would show this. The layout may even
 * be one that a swap is about to take back because its swap_in failed. So dispatch passes all gates
 * of the layout before it concludes that there is no handler.
 */
#include "session/dispatch.h"

#include "os/compiler.h"
#include "run/meter.h"
#include "session/call.h"
#include "session/follow.h"
#include "session/private.h"

/* Waits for swaps of the layout's modules to end. True: the type now has another layout. */
COLD static bool layout_replaced(session *s) {
    for (uint32_t i = 0; i < s->layout->part_count; i++) {
        gate *g = &s->layout->parts[i].module->gate;
        module_pass(g);
        gate_leave(g);
    }
    return atomic_load(&s->service->type->version) != s->layout_version;
}

/* As call_begin, for a part of the session's layout. False with *stale: look the handler up
 * again. */
static bool dispatch_begin(session *s, uint32_t part, const char *what, uint32_t number,
                           bool *stale) {
    attachment *a = &s->attachments[part];
    *stale = false;
    if (!call_begin(s, a, what, number)) {
        return false;
    }
    *stale = s->layout->parts[part].generation != a->generation;
    if (*stale) {
        module_leave(a->module);
    }
    return !*stale;
}

/* The layout's handler for the opcode, and its part; NULL: there is none. */
static portico_on_packet find_handler(const session *s, uint16_t opcode, uint32_t *part) {
    const layout_handler *h = layout_find(s->layout, opcode);
    *part = h != NULL ? h->part : 0;
    return h != NULL ? h->call : s->layout->parts[0].type->on_packet;
}

COLD static void call_measured(session *s, portico_on_packet handler, uint32_t part,
                               const portico_packet *packet) {
    bool registered = layout_find(s->layout, packet->opcode) != NULL;
    uint64_t began_ns = meter_begin();
    handler(s->base.id, s->attachments[part].state, packet);
    meter_end(began_ns, s->received_ns, registered ? METER_OPCODE : METER_ANY_OPCODE,
              s->service->type->name, registered ? packet->opcode : 0);
}

/* Inside the gate of the handler's module. */
static void call_handler(session *s, portico_on_packet handler, uint32_t part,
                         const portico_packet *packet) {
    if (meter_on()) {
        call_measured(s, handler, part, packet);
    } else {
        handler(s->base.id, s->attachments[part].state, packet);
    }
}

void dispatch_end(dispatch_run *run) {
    if (run->inside != NULL) {
        module_leave(run->inside);
        run->inside = NULL;
    }
}

/* Whether the run may stay inside its gate to call a handler of `part`. */
static bool run_continues(const session *s, const dispatch_run *run, uint32_t part,
                          uint16_t opcode) {
    return run->part == part && atomic_load(&s->service->type->version) == s->layout_version &&
           module_stay(run->inside, opcode);
}

bool dispatch_packet(session *s, dispatch_run *run, const portico_packet *packet) {
    uint32_t part = 0;
    if (run->inside != NULL) {
        portico_on_packet handler = find_handler(s, packet->opcode, &part);
        if (handler != NULL && run_continues(s, run, part, packet->opcode)) {
            call_handler(s, handler, part, packet);
            return true;
        }
        dispatch_end(run);
    }
    bool stale = true;
    while (stale && session_follow_type(s)) {
        portico_on_packet handler = find_handler(s, packet->opcode, &part);
        if (handler == NULL) {
            if (layout_replaced(s)) {
                continue;
            }
            return false;
        }
        if (dispatch_begin(s, part, "opcode", packet->opcode, &stale)) {
            *run = (dispatch_run){.inside = s->attachments[part].module, .part = part};
            call_handler(s, handler, part, packet);
        }
    }
    return true;
}

/* The layout's handler for the message, and its part; NULL: there is none. */
static const registered_handler *find_message(const session *s, uint32_t id, uint32_t *part) {
    for (uint32_t i = 0; i < s->layout->part_count; i++) {
        const registered_handler *handler =
            registry_find_handler(s->layout->parts[i].type->messages, id);
        if (handler != NULL && s->attachments[i].opened) {
            *part = i;
            return handler;
        }
    }
    return NULL;
}

void dispatch_message(session *s, message *m) {
    bool stale = true;
    while (stale && session_follow_type(s)) {
        uint32_t part = 0;
        const registered_handler *handler = find_message(s, m->id, &part);
        if (handler == NULL) {
            if (layout_replaced(s)) {
                continue;
            }
            return;
        }
        if (dispatch_begin(s, part, "message", m->id, &stale)) {
            uint64_t began_ns = meter_begin();
            message_deliver(m, handler->call.message, s->attachments[part].state);
            meter_end(began_ns, 0, METER_MESSAGE, s->service->type->name, m->id);
            module_leave(s->attachments[part].module);
        }
    }
}

/* dispatch.c: see dispatch.h.
 *
 * A handler is found in the session's layout before the gate of its module is entered, and a swap
 * may replace the layout in between. Then the part's generation is not the one that serves, and the
 * handler is looked up again in the new layout. Swaps of other modules do not matter to the call.
 *
 * If the layout has no handler, there is no gate to enter that would show this. The layout may even
 * be one that a swap is about to take back because its start failed. So dispatch passes all gates
 * of the layout before it concludes that there is no handler.
 */
#include "session/dispatch.h"

#include "base/stats.h"
#include "module/packet_layout.h"
#include "os/compiler.h"
#include "run/meter.h"
#include "run/request.h"
#include "run/turns.h"
#include "session/call.h"
#include "session/follow.h"
#include "session/private.h"

#include <stdio.h>
#include <string.h>

/* Waits for swaps of the layout's modules to end. True: look the handler up again, since the type
 * now has another layout, or later: parks_at is set. */
COLD static bool layout_replaced(session *s) {
    for (uint32_t i = 0; i < s->layout->part_count; i++) {
        module *m = s->layout->parts[i].module;
        passage p = gate_enter(&m->gate);
        if (p == GATE_PASSED) {
            gate_leave(&m->gate);
        } else if (p == GATE_PARK) {
            s->parks_at = m;
            return true;
        }
    }
    return atomic_load(&s->service->type->version) != s->layout_version;
}

/* As call_begin, for a part of the session's layout. With *stale the gate is not entered either:
 * look the handler up again. */
static passage dispatch_begin(session *s, uint32_t part, call_kind kind, uint32_t number,
                              bool *stale) {
    attachment *a = &s->attachments[part];
    *stale = false;
    passage p = call_begin(s, a, kind, number);
    if (p == GATE_PASSED && s->layout->parts[part].generation != a->generation) {
        *stale = true;
        module_leave(a->module);
    }
    return p;
}

/* Says which sizes the raw opcode allows. */
COLD static void describe_size(const registered_handler *row, uint32_t size, char *why) {
    if (row->size_max == PORTICO_SIZE_ANY) {
        snprintf(why, PACKET_WHY_MAX, "with %u bytes: allowed are %u or more", size, row->size_min);
    } else {
        snprintf(why, PACKET_WHY_MAX, "with %u bytes: allowed are %u to %u", size, row->size_min,
                 row->size_max);
    }
}

static log_kind refused_packets = LOG_KIND("packets that do not fit");

COLD static void refuse_packet(session *s, const registered_handler *row, const char *why) {
    char peer[OS_ADDRESS_TEXT];
    os_address_format(&s->peer, peer);
    service_count(&s->service->counts.rejected[REJECTION_shape]);
    log_limited(&refused_packets, LOG_INFO, s->service->config->name,
                "session %llu of %s: opcode %s (%u) %s: closed", (unsigned long long)s->base.id,
                peer, row->name, row->id, why);
    session_close(s, PORTICO_E_FRAME);
}

/* The closer look at a packet. False: it does not fit, and the session closes. */
NOINLINE static bool packet_fits(session *s, const registered_handler *row,
                                 const portico_packet *packet) {
    char why[PACKET_WHY_MAX];
    if (row->layout == NULL) {
        describe_size(row, packet->size, why);
    } else if (packet_layout_check(row->layout, packet->data, packet->size, why, sizeof why)) {
        return true;
    }
    refuse_packet(s, row, why);
    return false;
}

static bool spoils; /* packets, after their handler */

/* The packet is in the session's own receive block, and nobody reads it again. */
static void packet_spoil(const portico_packet *packet) {
    if (spoils && packet->size > 0) {
        memset((void *)(uintptr_t)packet->data, DISPATCH_SPOILED, packet->size);
    }
}

COLD static void call_measured(session *s, const layout_handler *h, void *state,
                               const portico_packet *packet) {
    bool registered = h->row != NULL;
    uint64_t began_ns = meter_begin();
    h->call((portico_session){s->base.id}, state, packet);
    meter_end(began_ns, s->received_ns, registered ? METER_OPCODE : METER_ANY_OPCODE,
              s->service->type->name, registered ? packet->opcode : 0);
    packet_spoil(packet);
}

void dispatch_start(bool check) {
    spoils = check;
    if (check) {
        meter_stay_on(); /* every call then comes by call_measured */
    }
}

/* Inside the gate of the handler's module, which serves as the layout says. */
static void call_handler(session *s, dispatch_run *run, const layout_handler *h,
                         const portico_packet *packet) {
    if (packet->size - h->size_min > h->size_span && !packet_fits(s, h->row, packet)) {
        return;
    }
    run->handler = h;
    call_keep(run->inside->state, run->inside->state_size);
    if (meter_on()) {
        call_measured(s, h, run->inside->state, packet);
    } else {
        h->call((portico_session){s->base.id}, run->inside->state, packet);
    }
}

void dispatch_describe(const session *s, const dispatch_run *run, const portico_packet *packet,
                       call *c) {
    *c = (call){.kind = CALL_PACKET,
                .number = packet->opcode,
                .state = run->inside != NULL ? run->inside->state : NULL,
                .entity = s->base.id,
                .type = s->service->type->name,
                .data = packet->data,
                .size = packet->size,
                .row = run->handler != NULL ? run->handler->row : NULL};
}

void dispatch_end(dispatch_run *run) {
    if (run->inside != NULL) {
        module_leave(run->inside->module);
        run->inside = NULL;
    }
}

/* Whether the run may stay inside its gate to call a handler of `part`. The type may have another
 * layout by now, for the sake of another module; this one's handlers change only while its gate is
 * closed. */
static bool run_continues(const dispatch_run *run, uint32_t part, uint16_t opcode) {
    return run->part == part && module_stay(run->inside->module, opcode);
}

passage dispatch_packet(session *s, dispatch_run *run, const portico_packet *packet) {
    if (run->inside != NULL) {
        const layout_handler *h = layout_find(s->layout, packet->opcode);
        if (h->call != NULL && run_continues(run, h->part, packet->opcode)) {
            call_handler(s, run, h, packet);
            return GATE_PASSED;
        }
        dispatch_end(run);
    }
    bool stale = true;
    passage p = GATE_PASSED;
    while (stale && session_follow_type(s)) {
        const layout_handler *h = layout_find(s->layout, packet->opcode);
        if (h->call == NULL) {
            if (!layout_replaced(s)) {
                return GATE_NEVER;
            }
            stale = s->parks_at == NULL;
            continue;
        }
        p = dispatch_begin(s, h->part, CALL_PACKET, packet->opcode, &stale);
        if (p == GATE_PASSED && !stale) {
            run->inside = &s->attachments[h->part];
            run->part = h->part;
            call_handler(s, run, h, packet);
            return GATE_PASSED;
        }
    }
    return s->parks_at != NULL ? GATE_PARK : p;
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

/* Inside the gate. */
static void call_message(session *s, attachment *a, const registered_handler *handler, message *m) {
    turns_waited(a->module->watch_name, m->posted_ns);
    uint64_t began_ns = meter_begin();
    const portico_message shown = message_show(m);
    call c = {.kind = CALL_SESSION_MESSAGE,
              .number = m->id,
              .fn.handler = handler->call,
              .state = a->state,
              .state_size = a->state_size,
              .entity = s->base.id,
              .type = s->service->type->name,
              .data = m->bytes,
              .size = m->size,
              .shown = &shown};
    if (call_make(&c)) {
        meter_end(began_ns, 0, METER_MESSAGE, s->service->type->name, m->id);
    } else {
        request_fault(m->request);
        call_pay(s, &c);
    }
}

bool dispatch_message(session *s, message *m) {
    bool stale = true;
    while (stale && session_follow_type(s)) {
        uint32_t part = 0;
        const registered_handler *handler = find_message(s, m->id, &part);
        if (handler == NULL) {
            if (!layout_replaced(s)) {
                message_refuse(m);
                return true;
            }
            stale = s->parks_at == NULL;
            continue;
        }
        if (dispatch_begin(s, part, CALL_SESSION_MESSAGE, m->id, &stale) == GATE_PASSED && !stale) {
            call_message(s, &s->attachments[part], handler, m);
            module_leave(s->attachments[part].module);
        }
    }
    return s->parks_at == NULL;
}

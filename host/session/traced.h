/* traced.h: records a session's events in the traces (trace/trace.h). Called only while trace_on().
 *
 * Functions: [turn], unless tagged.
 */
#ifndef PORTICO_TRACED_H
#define PORTICO_TRACED_H

#include "module/call.h"
#include "session/session.h"
#include "trace/trace.h"

/* The packet is about to be handled. */
COLD void traced_packet(const session *s, const layout_handler *h, const portico_packet *packet);

/* The packet is rejected: no handler receives it. `row` and `why` as in trace_event. */
COLD void traced_rejected(const session *s, const registered_handler *row,
                          const portico_packet *packet, const char *why);

/* The message is about to be handled. */
COLD void traced_message(const session *s, const attachment *a, const registered_handler *row,
                         const message *m);

/* A module's on_open or on_close is about to be called: `what` is TRACE_OPEN or TRACE_CLOSE. */
COLD void traced_life(const session *s, const attachment *a, trace_what what,
                      portico_status status);

/* The call has faulted. */
COLD void traced_fault(const session *s, const call *c);

/* A packet that is to be sent: prepared before the session is locked, recorded once it is queued,
 * and dropped after the unlock. [any thread] */
typedef struct traced_send {
    layout *layout; /* whose declarations `event` uses */
    trace_event event;
} traced_send;
COLD void traced_send_prepare(traced_send *t, const session *s, uint16_t opcode, const void *data,
                              uint32_t size);
COLD void traced_send_record_locked(traced_send *t, const session *s);
COLD void traced_send_drop(traced_send *t);

/* The packet is about to be sent to these sessions but `except`: once in each trace that concerns
 * one of them, or their room. [any thread] */
COLD void traced_broadcast(const broadcast *b, const portico_session *members, uint32_t count,
                           uint64_t except);

#endif

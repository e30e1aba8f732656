/* call.h: calls into the modules of a session.
 *
 * Every call into a module that serves a session passes the module's gate by call_begin. Inside the
 * gate the module's state belongs to the generation that serves, so after a swap no old code is
 * called and no new code sees an old state. If the gate is shut, parks_at of the session says so:
 * the caller leaves its work as it is and ends the turn (session_park). All functions: [turn], no
 * lock held.
 */
#ifndef PORTICO_SESSION_CALL_H
#define PORTICO_SESSION_CALL_H

#include "module/call.h"
#include "session/session.h"

/* Enters the gate of a's module and brings its state to the generation that serves. Unless it
 * returns GATE_PASSED, the gate is not entered, and the module must not be called: GATE_PARK, with
 * parks_at set, or GATE_NEVER. Ends with module_leave. */
passage call_begin(session *s, attachment *a, call_kind kind, uint32_t number);

/* A call for the session has faulted: closes the session, or its room, if that is what the fault
 * costs. */
void call_pay(session *s, const call *c);

/* Call one of the session's attachments; all but call_open only if it has opened the session.
 * False: parks_at is set, and the function was not called. */
bool call_open(session *s, attachment *a, portico_status *status);
bool call_close(session *s, attachment *a, portico_status reason);
bool call_watermark(session *s, attachment *a, uint32_t queued_bytes, bool above);

/* Only brings the state to the generation that serves. */
bool call_catch_up(session *s, attachment *a);

#endif

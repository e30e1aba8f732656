/* call.h: calls into the modules of a session.
 *
 * Every call into a module that serves a session passes the module's gate by call_begin. Inside the
 * gate the module's state belongs to the generation that serves, so after a swap no old code is
 * called and no new code sees an old state. All functions: [turn], no lock held.
 */
#ifndef PORTICO_CALL_H
#define PORTICO_CALL_H

#include "session/session.h"

/* Enters the gate of a's module and brings its state to the generation that serves. False: the gate
 * is not entered, and the module must not be called. Ends with module_leave. */
bool call_begin(session *s, attachment *a, const char *what, uint32_t number);

/* Call one of the session's attachments; all but call_open only if it has opened the session. */
portico_status call_open(session *s, attachment *a);
void call_close(session *s, attachment *a, portico_status reason);
void call_watermark(session *s, attachment *a, uint32_t queued_bytes, bool above);

/* Only brings the state to the generation that serves. */
void call_catch_up(session *s, attachment *a);

#endif

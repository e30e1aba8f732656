/* call.h: every call from a session's turn into a module.
 *
 * The only place that calls handlers of sessions. Each call passes the gate of its module, and inside it the session's
 * layout and the module's state are of the generation that serves: so after a swap nothing old is called and nothing new
 * sees an old state. [turn]; no lock is held.
 */
#ifndef PORTICO_CALL_H
#define PORTICO_CALL_H

#include "session/session.h"

/* Enters the gate of a's module for a call. False: it must not be called. */
bool call_begin(session *s, attachment *a, const char *what, uint32_t number);

/* Each for one of the session's attachments. */
portico_status call_open(session *s, attachment *a);
void call_close(session *s, attachment *a, portico_status reason);
void call_watermark(session *s, attachment *a, uint32_t queued_bytes, bool above);

/* Calls nothing, but brings the state to the generation that serves. */
void call_catch_up(session *s, attachment *a);

#endif

/* call.h: every call from a session's turn into a module.
 *
 * The only place that calls handlers of sessions. Each call passes the gate of its module, and inside it the session's
 * layout and the module's state are of the generation that serves: so after a swap nothing old is called and nothing new
 * sees an old state. [turn]; no lock is held.
 */
#ifndef PORTICO_CALL_H
#define PORTICO_CALL_H

#include "session/session.h"

/* Several packets in a row. As long as their handlers are of one module and nobody wants its gate closed, the gate is
 * entered once. All zero at first; between the first call_packet and call_packets_end no other call is made. */
typedef struct call_run {
    module *inside; /* NULL: inside no gate */
    uint32_t part;  /* of the session's layout */
} call_run;

/* The handler of the packet's opcode, else the owner's on_packet. False when there is neither. */
bool call_packet(session *s, call_run *run, const portico_packet *packet);
void call_packets_end(call_run *run);

/* The handler of the message's id, of whichever module has one. */
void call_message(session *s, message *m);

/* Each for one of the session's attachments. */
portico_status call_open(session *s, attachment *a);
void call_close(session *s, attachment *a, portico_status reason);
void call_watermark(session *s, attachment *a, uint32_t queued_bytes, bool above);

/* Calls nothing, but brings the state to the generation that serves. */
void call_catch_up(session *s, attachment *a);

#endif

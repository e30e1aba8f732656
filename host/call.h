/* call.h: every call from a session's turn into a module.
 *
 * The only place that calls handlers: what is to happen around each call (naming the module for log lines now,
 * a gate, a watchdog) happens here. [turn]; no lock is held.
 */
#ifndef PORTICO_CALL_H
#define PORTICO_CALL_H

#include "session.h"

/* The handler of the packet's opcode, else the owner's on_packet. False when there is neither. */
bool call_packet(session *s, const portico_packet *packet);

/* The handler of the message's id, of whichever module has one. */
void call_message(session *s, message *m);

/* Each for the session's attachment `part`, which must be that of part `part` of the session's layout. */
portico_status call_open(session *s, uint32_t part);
void call_close(session *s, uint32_t part, portico_status reason);
void call_watermark(session *s, uint32_t part, uint32_t queued_bytes, bool above);

#endif

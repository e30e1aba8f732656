/* dispatch.h: finds the handler of a packet or message in the session's layout, and calls it. [turn]; no lock is held. */
#ifndef PORTICO_DISPATCH_H
#define PORTICO_DISPATCH_H

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

#endif

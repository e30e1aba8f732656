/* dispatch.h: finds the handler of a packet or message in the session's layout, and calls it. [turn]; no lock is held. */
#ifndef PORTICO_DISPATCH_H
#define PORTICO_DISPATCH_H

#include "session/session.h"

/* Several packets in a row. As long as their handlers are of one module and nobody wants its gate closed, the gate is
 * entered once. All zero at first; between the first dispatch_packet and dispatch_end no other call is made. */
typedef struct dispatch_run {
    module *inside; /* NULL: inside no gate */
    uint32_t part;  /* of the session's layout */
} dispatch_run;

/* The handler of the packet's opcode, else the owner's on_packet. False when there is neither. */
bool dispatch_packet(session *s, dispatch_run *run, const portico_packet *packet);
void dispatch_end(dispatch_run *run);

/* The handler of the message's id, of whichever module has one. */
void dispatch_message(session *s, message *m);

#endif

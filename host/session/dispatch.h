/* dispatch.h: finds the handler of a packet or message in the session's layout, and calls it.
 *
 * All functions: [turn], no lock held.
 */
#ifndef PORTICO_DISPATCH_H
#define PORTICO_DISPATCH_H

#include "session/session.h"

/* Several packets in a row. While their handlers belong to one module and no thread wants to close
 * its gate, the gate is entered only once. Initially all zero; no other call into a module is made
 * between the first dispatch_packet and dispatch_end. */
typedef struct dispatch_run {
    module *inside; /* NULL: inside no gate */
    uint32_t part;  /* of the session's layout */
    void *state;    /* the part's, which does not change while inside */
} dispatch_run;

/* Calls the handler of the packet's opcode, else the owner's on_packet. False: there is neither. */
bool dispatch_packet(session *s, dispatch_run *run, const portico_packet *packet);

/* Leaves the gate that the run is inside. */
void dispatch_end(dispatch_run *run);

/* Calls the handler of the message's id, of the first module that has one. */
void dispatch_message(session *s, message *m);

#endif

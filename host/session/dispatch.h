/* dispatch.h: finds the handler of a packet or message in the session's layout, and calls it.
 *
 * All functions: [turn], no lock held.
 */
#ifndef PORTICO_DISPATCH_H
#define PORTICO_DISPATCH_H

#include "session/call.h"

/* With `check`, a packet's bytes are overwritten as soon as its handler has returned, so that a
 * module which keeps a pointer to them notices. [before any packet] */
enum { DISPATCH_SPOILED = 0xDD };
void dispatch_start(bool check);

/* Several packets in a row. While their handlers belong to one module and no thread wants to close
 * its gate, the gate is entered only once. Initially all zero; no other call into a module is made
 * between the first dispatch_packet and dispatch_end. */
typedef struct dispatch_run {
    const attachment *inside;      /* whose module's gate it is inside; NULL: none */
    uint32_t part;                 /* of the session's layout */
    const layout_handler *handler; /* that runs, or ran last */
} dispatch_run;

/* Calls the handler of the packet's opcode, else the owner's on_packet. GATE_NEVER: there is
 * neither, or its module is not called any more. GATE_PARK: parks_at is set, and the packet is to
 * come again. It runs in a call_span. */
passage dispatch_packet(session *s, dispatch_run *run, const portico_packet *packet);

/* The call of the packet's handler. */
void dispatch_describe(const session *s, const dispatch_run *run, const portico_packet *packet,
                       call *c);

/* Leaves the gate that the run is inside. */
void dispatch_end(dispatch_run *run);

/* Calls the handler of the message's id, of the first module that has one. False: parks_at is set,
 * and the message is to come again. */
bool dispatch_message(session *s, message *m);

#endif

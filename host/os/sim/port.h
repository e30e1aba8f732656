/* port.h: the completion queue, as the sockets see it. */
#ifndef PORTICO_SIM_PORT_H
#define PORTICO_SIM_PORT_H

#include "os/sim/token.h"

#include <assert.h>

/* The inside of an os_op. may_alias: the same storage is an os_op for the caller. */
typedef struct __attribute__((may_alias)) op {
    struct op *next;   /* in a queue of its port or among the accepts of a listener */
    void *data;        /* recv: where to; NULL for recv-ready */
    os_buffer *list;   /* send: what is left of the list */
    uint32_t capacity; /* recv */
    uint32_t bytes;    /* moved so far */
    portico_status status;
    uint32_t kept_for; /* the thread that gets the completion; 0: any */
} op;

static_assert(sizeof(op) <= offsetof(os_op, done), "os_op is too small, and `done` is not ours");

/* Counts what goes through the port. */
sim_traffic *port_traffic(const os_port *port);

/* Queues the completion of an operation. */
void port_complete(os_port *port, op *o, portico_status status);

/* Ends a submit that is accepted. May hand the token on, so that the completion is handed out
 * before the submit has returned: touch neither the operation nor its socket afterwards. Returns
 * PORTICO_OK. */
portico_status port_submitted(void);

/* For sockets: a port must outlive them. */
void port_hold(os_port *port, int change);

#endif

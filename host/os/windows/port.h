/* port.h: the inside of an os_port, for the files of this folder. */
#ifndef PORTICO_WINDOWS_PORT_H
#define PORTICO_WINDOWS_PORT_H

#include "op.h"

#include <stdatomic.h>

/* State of a thread for the port that it waits on. */
typedef struct waiter {
    uint64_t port_id;   /* 0: waits on none. Not a pointer: the port may be gone */
    uint32_t streak;    /* waits in a row that did not ask the system's port */
    uint64_t looked_ns; /* when it last asked */
    bool kept_first;    /* at that look, kept operations came first: every other time */
    bool sleeping;      /* it is counted in `sleepers` */
} waiter;

struct os_port {
    HANDLE handle;
    uint64_t id;   /* never used again, unlike the address */
    os_port *next; /* in the list of ports that exist */
    SRWLOCK lock;
    op_queue kept;     /* under `lock`: completed, not handed out yet */
    op_queue deferred; /* under `lock`: recvs that have not begun */
    atomic_uint kept_count;
    atomic_uint deferred_count;
    atomic_uint sleepers; /* threads that sleep, or are about to */
};

/* Completes an operation whose end the system's port does not know: `code` is how it ended. */
void port_keep(os_port *port, op *o, DWORD code, uint32_t bytes);

/* Adds to one of a port's queues. */
void port_queue_add(os_port *port, op_queue *queue, atomic_uint *count, op *o);

/* Takes up to `most` from one of a port's queues; NULL when it is empty. */
op *port_queue_take(os_port *port, op_queue *queue, atomic_uint *count, uint32_t most);

/* ---- for wait.c and stream.c ------------------------------------------------------------- */

/* The calling thread's state. */
extern _Thread_local waiter waiter_self;

/* The thread waits on this port from now on. */
void waiter_enter(os_port *port);

#endif

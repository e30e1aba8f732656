/* port.h: the inside of an os_port, for the files of this folder.
 *
 * An epoll set, a queue of completions that any waiter may take, an eventfd to wake one waiter, and
 * the slots of all sockets. A thread that waits keeps what it completes itself on its own list (see
 * port.c).
 *
 * Lock order: a socket's lock or port.c's ports_lock, never both; then a waiter's lock; then
 * `slots.lock` or `lock`. Never two sockets' locks, nor two waiters'.
 */
#ifndef PORTICO_LINUX_PORT_H
#define PORTICO_LINUX_PORT_H

#include "mutex.h"
#include "op.h"
#include "os/compiler.h"
#include "slab.h"

#include <stdalign.h>
#include <stdatomic.h>

#define WAKE_TAG UINT64_MAX /* never a socket's tag: the slab never has so many slots */

/* State of a thread for the port that it waits on. */
typedef struct waiter {
    /* Used by its thread only */
    uint64_t port_id; /* 0: waits on none. Not a pointer: the port may be gone */
    uint32_t streak;  /* waits in a row without epoll_wait */
    uint64_t tag; /* of the socket whose event it fetched last; WAKE_TAG: it had other work since */
    os_completion *found; /* where its events' completions go while it handles them */
    uint32_t found_count;
    uint32_t found_room; /* how many more fit there; the rest go on its own list */
    bool kept;           /* its own list may have something: only its thread adds to it */
    /* Under ports_lock */
    struct waiter *next; /* among the waiters of its port */
    /* Under `lock` */
    mutex lock;
    op_queue own; /* completed by this thread, for this thread */
} waiter;

struct os_port {
    os_port *next;   /* in the list of ports that exist */
    uint64_t id;     /* never used again, unlike the address */
    waiter *waiters; /* the threads that may keep completions, under ports_lock */
    int epoll_fd;
    int wake_fd; /* eventfd, edge-triggered, never read: each write is one event */
    slab slots;

    /* On cache lines of their own, because all workers write them. */
    alignas(64) atomic_uint epoch; /* counts epoll_wait calls, see port_dispatch */
    /* Threads that sleep, or are on their way in or out. `polled`: one is in epoll_wait until
     * something comes; `napping`: these nap, `napping_long` of them without end; `timed`: these are
     * in epoll_wait for a time. */
    alignas(64) atomic_bool polled;
    atomic_bool wake_sent; /* a write to wake_fd whose event no thread has fetched yet */
    atomic_uint naps;      /* counts the wake-ups of nappers, which sleep on it */
    atomic_uint napping;
    atomic_uint napping_long;
    atomic_uint timed;
    atomic_uint
        lagging; /* while not 0, a thread that leaves with a long completion wakes a napper */
    atomic_uint queued; /* length of `queue` */
    mutex lock;         /* of `queue` */
    op_queue queue;
};

/* Hands `o` out with its status, bytes and system_error: through the calling thread's own list if
 * that thread waits on this port, otherwise through the shared queue. May be called with a socket's
 * lock held. */
void port_complete(os_port *port, op *o);

/* Like port_complete, with the result given by a raw code; 0 is success. */
void port_complete_code(os_port *port, op *o, int code);

/* ---- for wait.c ---------------------------------------------------------------------------- */

/* The calling thread's state. */
extern _Thread_local waiter waiter_self;

/* The thread waits on this port for the first time, or on another port than before. */
COLD void waiter_enter(os_port *port, waiter *w);

/* Hands out the thread's own completions. What the caller does not take at once goes to the shared
 * queue, so that a slow handler does not hold it up. */
uint32_t waiter_hand_out(os_port *port, waiter *w, os_completion *completions, uint32_t capacity);

/* Hands out a share of the shared queue. Returns how many. */
uint32_t port_take_shared(os_port *port, os_completion *completions, uint32_t capacity);

/* Wakes one napper, if there is one. */
COLD void port_wake_napper(os_port *port);

#endif

/* handshake_queue.h: handshakes take turns. The private key costs a processor a millisecond, and a
 * crowd that connects at the same moment must not keep the workers from everybody else.
 *
 * At most half of the workers compute one at a time, and each returns to the port in between: a
 * packet waits for one handshake, not for those before it. Any thread; the lock is a leaf but for
 * the port's.
 */
#ifndef PORTICO_HANDSHAKE_QUEUE_H
#define PORTICO_HANDSHAKE_QUEUE_H

#include "os/os.h"

/* Intrusive: in the queue once. */
typedef struct handshake_wait {
    struct handshake_wait *next;
    void (*run)(struct handshake_wait *w);
} handshake_wait;

/* Calls `run` later, in the order of the calls, on a worker of the port. */
void handshake_queue_push(os_port *port, handshake_wait *w);

/* Continues where there was no memory to queue it. Call it now and then. */
void handshake_queue_sweep(void);

/* Forgets places that the workers' end has dropped. After workers_stop and the last session. */
void handshake_queue_fini(void);

#endif

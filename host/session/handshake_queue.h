/* handshake_queue.h: handshakes take turns. The private key costs a processor a millisecond, and a
 * crowd that connects at the same moment must not keep the workers from everybody else.
 *
 * At most half of the workers, and no more than half of the processors, compute one at a time, and
 * each returns to the port in between. Before it begins, it leaves what it has taken, and what comes, to the other workers (worker_takes_long):
 * a packet waits for no handshake while another worker is idle. Any thread; the lock is a leaf but
 * for the port's.
 */
#ifndef PORTICO_HANDSHAKE_QUEUE_H
#define PORTICO_HANDSHAKE_QUEUE_H

#include "os/os.h"

/* Intrusive: in the queue once. */
typedef struct handshake_wait {
    struct handshake_wait *next;
    void (*run)(struct handshake_wait *w);
} handshake_wait;

/* Calls `run` later on a worker of the port: in the order of the calls, but those with `answered`
 * first. These have had an answer and sent the rest, which costs little, and must not wait behind a
 * crowd that has just arrived. */
void handshake_queue_push(os_port *port, handshake_wait *w, bool answered);

/* Continues where there was no memory to queue it. Call it now and then. */
void handshake_queue_sweep(void);

/* Forgets places that the workers' end has dropped. After workers_stop and the last session. */
void handshake_queue_fini(void);

#endif

/* handshake_queue.h: handshakes take turns. The private key costs a processor a millisecond, and a
 * crowd that connects at the same moment must not keep the workers from everybody else.
 *
 * At most half of the workers, and no more than half of the processors, compute handshakes, one
 * each, and return to the port after each. Before a handshake a worker leaves the rest of its
 * batch, and new completions, to the other workers (worker_takes_long): no packet waits for a
 * handshake while another worker is idle. Any thread. Under the lock only the port's is taken.
 */
#ifndef PORTICO_HANDSHAKE_QUEUE_H
#define PORTICO_HANDSHAKE_QUEUE_H

#include "os/os.h"

/* Intrusive: in the queue once. */
typedef struct handshake_wait {
    struct handshake_wait *next;
    void (*run)(struct handshake_wait *w);
} handshake_wait;

/* Calls `run` later on a worker of the port, in the order of the calls, but those with `answered`
 * first. `answered`: the client has had the server's answer and has sent the rest. That costs
 * little to compute, and must not wait for a crowd that has just arrived. */
void handshake_queue_push(os_port *port, handshake_wait *w, bool answered);

/* Queues again what found no memory for that. Call it now and then. */
void handshake_queue_sweep(void);

/* Forgets the computations that the end of the workers has dropped. After workers_stop and the last
 * session. */
void handshake_queue_fini(void);

#endif

/* worker.h: the threads that wait on the port and run what completes.
 *
 * A worker takes a batch of completions, calls each op's `done`, then runs what was deferred to the end of
 * the batch (the sends). workers_start and workers_stop belong to the control thread; the rest is for code
 * that runs on a worker, and harmless elsewhere.
 */
#ifndef PORTICO_WORKER_H
#define PORTICO_WORKER_H

#include "os/os.h"

/* Something to be run at the end of the batch. Intrusive; in one list at a time. */
typedef struct deferred {
    struct deferred *next;
    void (*run)(struct deferred *d);
} deferred;

portico_status workers_start(os_port *port, uint32_t count);

/* Lets every worker finish its batch and joins it. Completions still queued are dropped: there are none but
 * wakes when every session and listener has ended. */
void workers_stop(void);

/* Queues `d` to the end of this worker's batch. False on a thread that is no worker: run it yourself. */
bool worker_defer(deferred *d);

/* Runs what lies behind a handler that blocks its worker. A thread of its own, the rescuer, does this now and
 * then, and so does the sweep, in case that the rescuer itself is blocked by what it took over. */
void workers_rescue(void);

/* The time after this worker's last completion; elsewhere the time now. */
uint64_t worker_now_ms(void);

/* When what this worker runs now was handed out by the port, as os_monotonic_ns(); elsewhere the time now. */
uint64_t worker_handed_ns(void);

uint32_t workers_count(void);

/* How long worker `number`, from 0, has been busy with batches while meter.h measured, the one that it has now included:
 * two looks while that goes on tell the share of the time in between. And the processor time that it has used since its
 * start. Any thread, while the workers run. */
uint64_t worker_busy_ns(uint32_t number);
uint64_t worker_cpu_ns(uint32_t number);

#endif

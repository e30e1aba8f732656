/* worker.h: the threads that wait on the port and run what completes.
 *
 * A worker takes a batch of completions, calls each op's `done`, then runs what was deferred to
 * the end of the batch (the sends). workers_start and workers_stop belong to the control thread;
 * the other functions are for code that runs on a worker, and harmless elsewhere.
 */
#ifndef PORTICO_WORKER_H
#define PORTICO_WORKER_H

#include "os/os.h"

/* Work to run at the end of the batch. Intrusive: in one list at a time. */
typedef struct deferred {
    struct deferred *next;
    void (*run)(struct deferred *d);
} deferred;

portico_status workers_start(os_port *port, uint32_t count);

/* Lets every worker finish its batch and joins it. Drops completions that are still queued: once
 * every session and listener has ended, there are only wakes. */
void workers_stop(void);

/* Defers `d` to the end of this worker's batch. False: the calling thread is not a worker and
 * must run it itself. */
bool worker_defer(deferred *d);

/* Announces that the calling worker will be busy for long: other workers get the rest of its batch
 * and new completions. Costs some microseconds. */
void worker_takes_long(void);

/* Runs the rest of the batches of workers that a handler blocks. A thread of its own, the rescuer,
 * does this now and then. So does the sweep, in case the rescuer is itself blocked by a handler
 * that it took over. */
void workers_rescue(void);

/* On a worker, the time after its last completion; elsewhere the time now. */
uint64_t worker_now_ms(void);

/* The os_monotonic_ns() at which the port handed out what this worker runs now; elsewhere the
 * time now. */
uint64_t worker_handed_ns(void);

/* Names the completion that this worker runs: it has another value in the next one. Elsewhere 0. */
uint64_t worker_completion(void);

uint32_t workers_count(void);

/* How many workers have been in one batch for longer than `ms`. Any thread, while they run. */
uint32_t workers_stuck(uint32_t ms);

/* For worker `number`, from 0: how long it has been in batches while meter.h measured, including
 * its present one (two readings give its share of the time in between), and the processor time it
 * has used since its start. Any thread, while the workers run. */
uint64_t worker_batch_ns(uint32_t number);
uint64_t worker_busy_ns(uint32_t number);

#endif

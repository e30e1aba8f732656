/* worker_state.h: what worker.c, rescuer.c and workers.c share: the workers and their batches.
 *
 * A worker's batch and its deferred work are mostly its own. Only when it is stuck in a handler
 * does another thread take from them, by the same atomic steps. So each completion is run by
 * exactly one thread, and no lock is taken for it.
 *
 * The owner writes `batch` only between two batches, so no thread may still be reading it then:
 *
 *   A visitor, which takes from another worker's batch,
 *   1. increments `visitors`;
 *   2. takes a number from `left` and copies that completion;
 *   3. decrements `visitors`.
 *
 *   The owner
 *   a. sees that `left` is used up;
 *   b. waits until `visitors` is 0;
 *   c. lets the system write the next batch, then sets `left`.
 *
 * All steps are sequentially consistent. A visitor that the owner did not see in (b) comes after
 * it: it finds `left` used up until the new batch is complete, and then takes from the new
 * batch.
 */
#ifndef PORTICO_WORKER_STATE_H
#define PORTICO_WORKER_STATE_H

#include "run/worker.h"

#include <stdatomic.h>

enum { WORKER_BATCH = 64 };

/* The time that a batch should not exceed, judged by how long completions took lately: where
 * handlers take long, batches are short, so that other workers find something to do. */
enum { WORKER_BATCH_NS = 500000 };

/* In worker.visitors, beside their number: the worker has been given OS_PACE_LONG. In one word, so
 * that the end of a batch looks at both at once. */
#define WORKER_SLOWED 0x80000000u

typedef struct worker {
    os_thread *thread;
    os_port *port;
    uint32_t number;   /* from 1 */
    uint64_t alone_ns; /* completions that take this long get a batch of their own */
    os_op stop_op;
    /* Only for the worker's own thread: */
    uint64_t now_ns;  /* the clock's last reading */
    uint64_t mean_ns; /* how long a completion took lately */
    uint64_t
        handed_ns; /* when the batch that it runs, its own or a stuck worker's, was handed out */
    os_completion batch[WORKER_BATCH];
    struct worker *visits;  /* whose batch it runs; NULL: its own */
    uint64_t yields_not_ns; /* until then it does not yield (rescuer.c) */
    /* For other threads, too: */
    _Atomic uint64_t left; /* size of the batch << 32 | number of the first completion not taken */
    atomic_uint visitors;  /* other threads that are taking from the batch; WORKER_SLOWED */
    atomic_bool busy;      /* has a batch or round; others only read this and the next two */
    _Atomic uint64_t busy_ns;   /* in batches, while meter.h measured */
    _Atomic uint64_t began_ns;  /* its batch; for the rescuer, its round */
    deferred *_Atomic deferred; /* the latest first */
    /* For the rescuer: */
    os_op help_op;         /* another worker runs the rest of the batch */
    atomic_bool help_sent; /* help_op is in flight */
    uint64_t seen_ns;      /* began_ns of the batch that it found long last */
} worker;

typedef struct worker_state {
    worker *all; /* `count` workers, then the rescuer */
    uint32_t count;
    atomic_bool stop;
    atomic_uint running;
    os_alarm *alarm; /* the rescuer's */
} worker_state;

extern worker_state workers;

/* A worker's thread, until workers.stop. */
void worker_run(void *arg);

/* The calling thread becomes `w`; and no worker any more. */
void worker_enter(worker *w);
void worker_leave(void);

/* The calling thread's; NULL: it is no worker. */
worker *worker_self(void);

/* Runs the rest of the batch of `w`, which is stuck, and what it has deferred. The calling thread
 * is another worker. */
void worker_help(worker *w);

/* Calls `run` as a batch of the rescuer's. */
void worker_round(worker *self, void (*run)(void));

/* Whether it has been in one batch for longer than `for_ns`. Any thread. */
bool worker_is_stuck(const worker *w, uint64_t now_ns, uint64_t for_ns);

/* ---- rescuer.c ----------------------------------------------------------------------------- */

/* Starts the rescuer, once the workers run. */
portico_status rescuer_start(os_port *port);

/* Ends it, if it was started. */
void rescuer_stop(void);

/* Completes w->help_op. [worker] */
void rescuer_on_help(const os_completion *completion);

#endif

/* worker.c: see worker.h.
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
#include "run/worker.h"

#include "base/log.h"
#include "base/stats.h"
#include "base/system_text.h"
#include "os/compiler.h"
#include "run/control.h"
#include "run/meter.h"
#include "run/timer.h"
#include "run/turns.h"
#include "run/watchdog.h"
#include "wire/buffer.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { WORKER_BATCH = 64 };

/* A handler that blocks keeps its worker, but not what is queued behind it: after RESCUE_MS
 * another thread takes over the rest of the batch and the deferred work (workers_rescue). */
enum { RESCUE_MS = 100, FLUSH_NS = 2000000 };

/* The time that a batch should not exceed, judged by how long completions took lately: where
 * handlers take long, batches are short, so that other workers find something to do. MEAN_SHIFT
 * sets how slowly the mean follows. */
enum { BATCH_NS = 500000, MEAN_SHIFT = 3 };

/* A completion that takes this long takes longer than waking another worker for the next one. */
enum { ALONE_NS = 40000 };

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
    /* For other threads, too: */
    _Atomic uint64_t left; /* size of the batch << 32 | number of the first completion not taken */
    atomic_uint visitors;  /* other threads that are taking from the batch */
    atomic_bool busy;      /* has a batch or round; others only read this and the next two */
    _Atomic uint64_t busy_ns;   /* in batches, while meter.h measured */
    _Atomic uint64_t began_ns;  /* its batch; for the rescuer, its round */
    deferred *_Atomic deferred; /* the latest first */
} worker;

static struct {
    worker *all; /* `count` workers, then the rescuer */
    uint32_t count;
    atomic_bool stop;
    atomic_uint running;
    os_mutex lock; /* for `wake` */
    os_cond wake;  /* ends the rescuer's sleep */
} workers;

static _Thread_local worker *current;

bool worker_defer(deferred *d) {
    worker *w = current;
    if (w == NULL) {
        return false;
    }
    deferred *first = atomic_load_explicit(&w->deferred, memory_order_relaxed);
    do {
        d->next = first;
    } while (!atomic_compare_exchange_weak_explicit(&w->deferred, &first, d, memory_order_release,
                                                    memory_order_relaxed));
    return true;
}

static uint64_t worker_ms(const worker *w) {
    return w->now_ns / 1000000;
}

/* The time for a thread that is not a worker. */
COLD static uint64_t stranger_ns(void) {
    return os_monotonic_ns();
}

uint64_t worker_now_ms(void) {
    return current != NULL ? worker_ms(current) : stranger_ns() / 1000000;
}

uint64_t worker_handed_ns(void) {
    return current != NULL ? current->handed_ns : stranger_ns();
}

/* Takes the next completion of `w`'s batch. */
static bool worker_take(worker *w, os_completion *completion) {
    uint64_t left = atomic_load(&w->left); /* (a) */
    if ((uint32_t)left >= left >> 32) {
        return false; /* so that the number does not grow for ever */
    }
    left = atomic_fetch_add(&w->left, 1);
    bool taken = (uint32_t)left < left >> 32;
    if (taken) {
        *completion = w->batch[(uint32_t)left];
    }
    return taken;
}

/* The same from another worker's batch. */
COLD static bool worker_visit(worker *w, os_completion *completion) {
    atomic_fetch_add(&w->visitors, 1);
    bool taken = worker_take(w, completion);
    atomic_fetch_sub(&w->visitors, 1);
    return taken;
}

/* Takes everything deferred, in the order in which it was deferred. */
static deferred *worker_take_deferred(worker *w) {
    if (atomic_load_explicit(&w->deferred, memory_order_relaxed) == NULL) {
        return NULL;
    }
    deferred *last = atomic_exchange_explicit(&w->deferred, NULL, memory_order_acquire);
    deferred *first = NULL;
    while (last != NULL) {
        deferred *before = last->next;
        last->next = first;
        first = last;
        last = before;
    }
    return first;
}

static void worker_run_deferred(worker *w) {
    for (deferred *d = worker_take_deferred(w); d != NULL; d = worker_take_deferred(w)) {
        while (d != NULL) {
            deferred *next = d->next;
            d->run(d); /* may defer again, may free d */
            d = next;
        }
    }
}

static uint64_t worker_clock(worker *self) {
    self->now_ns = os_monotonic_ns();
    watchdog_clock(self->now_ns);
    return self->now_ns;
}

/* Runs the rest of `w`'s batch; `w` is the caller, or a worker that is stuck. */
static void worker_run_batch(worker *self, worker *w) {
    os_completion completion;
    uint64_t flushed_ns = self->now_ns;
    self->handed_ns = atomic_load_explicit(&w->began_ns, memory_order_relaxed);
    while (self == w ? worker_take(w, &completion) : worker_visit(w, &completion)) {
        uint64_t before_ns = self->now_ns;
        completion.op->done(&completion);
        turns_ended(worker_clock(self) - before_ns);
        if (self->now_ns - flushed_ns >= FLUSH_NS) {
            worker_run_deferred(
                self); /* a long batch: its first answers do not wait for its last */
            flushed_ns = self->now_ns;
        }
    }
    worker_run_deferred(w);
    self->handed_ns = atomic_load_explicit(&self->began_ns, memory_order_relaxed);
}

/* Begins a batch of the `count` completions in `batch`. */
static void worker_begin(worker *w, uint32_t count) {
    atomic_store_explicit(&w->began_ns, worker_clock(w), memory_order_relaxed);
    atomic_store_explicit(&w->busy, true, memory_order_relaxed);
    atomic_store(&w->left, (uint64_t)count << 32);
}

/* How many completions the next batch may have. */
static uint32_t worker_room(const worker *w) {
    if (w->mean_ns >= w->alone_ns) {
        return 1;
    }
    return w->mean_ns * WORKER_BATCH <= BATCH_NS ? WORKER_BATCH : (uint32_t)(BATCH_NS / w->mean_ns);
}

/* After a batch of `count`: updates the mean. */
static void worker_learn(worker *w, uint32_t count) {
    uint64_t took_ns = w->now_ns - atomic_load_explicit(&w->began_ns, memory_order_relaxed);
    if (count > 0) {
        w->mean_ns += (took_ns / count >> MEAN_SHIFT) - (w->mean_ns >> MEAN_SHIFT);
    }
}

static void worker_end(worker *w) {
    /* A rescuer that sees this late shares out completions needlessly and finds the batch empty:
     * harmless. */
    atomic_store_explicit(&w->busy, false, memory_order_release);
    uint64_t now_ns = meter_begin();
    if (now_ns != 0) {
        uint64_t began_ns = atomic_load_explicit(&w->began_ns, memory_order_relaxed);
        uint64_t before_ns = atomic_load_explicit(&w->busy_ns, memory_order_relaxed);
        atomic_store_explicit(&w->busy_ns, before_ns + now_ns - began_ns, memory_order_release);
    }
    while (atomic_load(&w->visitors) != 0) {
        /* For a few instructions, and only after this worker was stuck. */
    }
}

uint32_t workers_count(void) {
    return workers.count;
}

/* Reads the sum first: a batch that ends at this moment may be missed, but is never counted
 * twice. */
uint64_t worker_busy_ns(uint32_t number) {
    worker *w = &workers.all[number];
    uint64_t busy_ns = atomic_load_explicit(&w->busy_ns, memory_order_acquire);
    if (atomic_load_explicit(&w->busy, memory_order_acquire)) {
        uint64_t began_ns = atomic_load_explicit(&w->began_ns, memory_order_relaxed);
        busy_ns += os_monotonic_ns() - began_ns;
    }
    return busy_ns;
}

uint64_t worker_cpu_ns(uint32_t number) {
    return os_thread_cpu_ns(workers.all[number].thread);
}

static bool is_stuck(const worker *w, uint64_t now_ms, uint32_t ms) {
    uint64_t began_ns = atomic_load_explicit(&w->began_ns, memory_order_relaxed);
    return atomic_load_explicit(&w->busy, memory_order_relaxed) && now_ms > began_ns / 1000000 + ms;
}

uint32_t workers_stuck(uint32_t ms) {
    uint64_t now_ms = os_monotonic_ms();
    uint32_t count = 0;
    for (uint32_t i = 0; i < workers.count; i++) {
        count += is_stuck(&workers.all[i], now_ms, ms);
    }
    return count;
}

/* Looks at all workers and at the rescuer, since what it took over may block again. A stuck
 * worker's kept completions (of submits that finished at once) first go to the other workers,
 * since the rest of its batch may block. */
void workers_rescue(void) {
    worker *self = current;
    for (uint32_t i = 0; self != NULL && i <= workers.count; i++) {
        worker *w = &workers.all[i];
        if (w != self && is_stuck(w, worker_ms(self), RESCUE_MS)) {
            worker_clock(self); /* rescuing the one before may have taken long */
            os_port_share_kept(w->port);
            worker_run_batch(self, w);
        }
    }
}

static void worker_on_stop(const os_completion *completion) {
    /* It only ends the wait: worker_run then reads workers.stop. */
    (void)completion;
}

/* Ends the wait of one other worker. Each worker wakes the next, since one batch may take
 * several posts. */
static void worker_wake_next(worker *w) {
    while (os_port_post(w->port, &w->stop_op) != PORTICO_OK) {
        os_sleep(10); /* out of memory; a worker that is not woken would never end */
    }
}

static void worker_run(void *arg) {
    worker *w = arg;
    current = w;
    stats_use_block(w->number);
    pool_keep(true);
    while (!atomic_load(&workers.stop)) {
        uint32_t count = os_port_wait(w->port, w->batch, worker_room(w), UINT32_MAX);
        worker_begin(w, count);
        timers_help(w->now_ns);
        worker_run_batch(w, w);
        worker_learn(w, count);
        worker_end(w);
        stats_add(STAT_batches, 1);
        stats_add(STAT_ops_completed, count);
    }
    pool_keep(false);
    current = NULL;
    if (atomic_fetch_sub(&workers.running, 1) > 1) {
        worker_wake_next(w);
    }
}

/* The rescuer does not wait on the port: what would wake it may be queued behind a blocked
 * handler. */
static void rescuer_run(void *arg) {
    worker *w = arg;
    current = w;
    stats_use_block(w->number);
    os_mutex_lock(&workers.lock);
    while (!atomic_load(&workers.stop)) {
        os_cond_wait(&workers.wake, &workers.lock, RESCUE_MS);
        os_mutex_unlock(&workers.lock);
        worker_begin(w, 0);
        workers_rescue();
        worker_run_deferred(w);
        worker_end(w);
        os_mutex_lock(&workers.lock);
    }
    os_mutex_unlock(&workers.lock);
    current = NULL;
}

/* Starts the rescuer, once the workers run. */
static portico_status rescuer_start(os_port *port) {
    worker *w = &workers.all[workers.count];
    w->port = port;
    w->number = workers.count + 1;
    return os_thread_start(&w->thread, "rescuer", rescuer_run, w);
}

static void rescuer_stop(void) {
    worker *w = &workers.all[workers.count];
    if (w->thread != NULL) {
        os_mutex_lock(&workers.lock);
        os_cond_wake_all(&workers.wake);
        os_mutex_unlock(&workers.lock);
        os_thread_join(w->thread);
        w->thread = NULL;
    }
}

portico_status workers_start(os_port *port, uint32_t count) {
    workers.all = calloc(count + 1, sizeof *workers.all);
    if (workers.all == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    atomic_store(&workers.stop, false);
    for (uint32_t i = 0; i < count; i++) {
        worker *w = &workers.all[i];
        w->port = port;
        w->number = i + 1;
        w->alone_ns = count > 1 ? ALONE_NS : BATCH_NS;
        w->stop_op.done = worker_on_stop;
        atomic_fetch_add(&workers.running, 1);
        portico_status status = os_thread_start(&w->thread, "worker", worker_run, w);
        if (status != PORTICO_OK) {
            log_error("worker", "cannot start worker %u of %u (%s)", i + 1, count,
                      system_text(os_error()));
            atomic_fetch_sub(&workers.running, 1);
            workers_stop();
            return status;
        }
        workers.count = i + 1;
    }
    portico_status status = rescuer_start(port);
    if (status != PORTICO_OK) {
        log_error("worker", "cannot start the rescuer (%s)", system_text(os_error()));
        workers_stop();
    }
    return status;
}

void workers_stop(void) {
    os_completion late[WORKER_BATCH];
    if (workers.count == 0) {
        free(workers.all);
        workers.all = NULL;
        return;
    }
    os_port *port = workers.all[0].port;
    os_op first = {.done = worker_on_stop};
    atomic_store(&workers.stop, true);
    rescuer_stop();
    while (os_port_post(port, &first) != PORTICO_OK) {
        os_sleep(10);
    }
    for (uint32_t i = 0; i < workers.count; i++) {
        os_thread_join(workers.all[i].thread);
    }
    while (os_port_wait(port, late, WORKER_BATCH, 0) > 0) {
        /* Wakes for workers that had already seen workers.stop. */
    }
    free(workers.all);
    workers.all = NULL;
    workers.count = 0;
}

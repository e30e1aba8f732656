/* worker.c: see worker.h, and worker_state.h for what other threads may take from a worker. */
#include "run/worker_state.h"

#include "base/stats.h"
#include "os/compiler.h"
#include "os/hurry.h"
#include "run/meter.h"
#include "run/timer.h"
#include "run/turns.h"
#include "run/watchdog.h"
#include "wire/buffer.h"

/* How slowly the mean of what completions take follows. */
enum { MEAN_SHIFT = 3 };

/* After this much of a batch, what is deferred is run. */
enum { FLUSH_NS = 2000000 };

worker_state workers;

static _Thread_local worker *current;

void worker_enter(worker *w) {
    current = w;
    stats_use_block(w->number);
}

void worker_leave(void) {
    current = NULL;
}

worker *worker_self(void) {
    return current;
}

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

/* The clock was read before the completion, and its number in the batch is known. */
uint64_t worker_completion(void) {
    enum { NUMBERS = 2 * WORKER_BATCH };
    if (current == NULL) {
        return 0;
    }
    uint32_t number = (uint32_t)atomic_load_explicit(&current->left, memory_order_relaxed);
    return (current->now_ns * NUMBERS + number % NUMBERS) | (uint64_t)1 << 63;
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

/* Runs a completion. `flushed_ns`: when the worker has last run what is deferred. */
static inline void worker_complete(worker *self, const os_completion *completion,
                                   uint64_t *flushed_ns) {
    uint64_t before_ns = self->now_ns;
    completion->op->done(completion);
    turns_ended(before_ns, worker_clock(self));
    if (self->now_ns - *flushed_ns >= FLUSH_NS) {
        worker_run_deferred(self); /* a long batch: its first answers do not wait for its last */
        *flushed_ns = self->now_ns;
    }
}

/* Runs its own batch. */
static void worker_run_batch(worker *w) {
    os_completion completion;
    uint64_t flushed_ns = w->now_ns;
    w->handed_ns = flushed_ns;
    while (worker_take(w, &completion)) {
        worker_complete(w, &completion, &flushed_ns);
    }
    worker_run_deferred(w);
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
    return w->mean_ns * WORKER_BATCH <= WORKER_BATCH_NS ? WORKER_BATCH
                                                        : (uint32_t)(WORKER_BATCH_NS / w->mean_ns);
}

/* After a batch of `count`: updates the mean. */
static void worker_learn(worker *w, uint32_t count) {
    uint64_t took_ns = w->now_ns - atomic_load_explicit(&w->began_ns, memory_order_relaxed);
    if (count > 0) {
        w->mean_ns += (took_ns / count >> MEAN_SHIFT) - (w->mean_ns >> MEAN_SHIFT);
    }
}

/* Others were here. A visit takes a few instructions, unless its thread has lost its processor. */
COLD static void worker_end_visited(worker *w) {
    enum { SPINS = 1000 };
    for (uint32_t i = 0; (atomic_load(&w->visitors) & ~WORKER_SLOWED) != 0; i++) {
        if (i >= SPINS) {
            os_sleep(1);
        }
    }
    if (atomic_fetch_and(&w->visitors, ~WORKER_SLOWED) & WORKER_SLOWED) {
        (void)os_thread_pace(NULL, OS_PACE_QUICK);
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
        atomic_store_explicit(&w->busy_ns, before_ns + (now_ns - began_ns) * meter_weight(),
                              memory_order_release);
    }
    if (atomic_load(&w->visitors) != 0) {
        worker_end_visited(w);
    }
}

COLD void worker_help(worker *w) {
    worker *self = current;
    os_completion completion;
    uint64_t flushed_ns = worker_clock(self);
    self->handed_ns = atomic_load_explicit(&w->began_ns, memory_order_relaxed);
    self->visits = w;
    while (worker_visit(w, &completion)) {
        worker_complete(self, &completion, &flushed_ns);
    }
    worker_run_deferred(w);
    self->visits = NULL;
    self->handed_ns = atomic_load_explicit(&self->began_ns, memory_order_relaxed);
}

COLD void worker_round(worker *self, void (*run)(void)) {
    worker_begin(self, 0);
    run();
    worker_run_deferred(self);
    worker_end(self);
}

uint32_t workers_count(void) {
    return workers.count;
}

/* Reads the sum first: a batch that ends at this moment may be missed, but is never counted
 * twice. */
uint64_t worker_batch_ns(uint32_t number) {
    worker *w = &workers.all[number];
    uint64_t busy_ns = atomic_load_explicit(&w->busy_ns, memory_order_acquire);
    if (atomic_load_explicit(&w->busy, memory_order_acquire)) {
        uint64_t began_ns = atomic_load_explicit(&w->began_ns, memory_order_relaxed);
        busy_ns += os_monotonic_ns() - began_ns;
    }
    return busy_ns;
}

uint64_t worker_busy_ns(uint32_t number) {
    return os_thread_cpu_ns(workers.all[number].thread);
}

bool worker_is_stuck(const worker *w, uint64_t now_ns, uint64_t for_ns) {
    uint64_t began_ns = atomic_load_explicit(&w->began_ns, memory_order_relaxed);
    return atomic_load_explicit(&w->busy, memory_order_relaxed) && now_ns > began_ns + for_ns;
}

uint32_t workers_stuck(uint32_t ms) {
    uint64_t now_ns = os_monotonic_ns();
    uint32_t count = 0;
    for (uint32_t i = 0; i < workers.count; i++) {
        count += worker_is_stuck(&workers.all[i], now_ns, (uint64_t)ms * 1000000);
    }
    return count;
}

/* Ends the wait of one other worker. Each worker wakes the next, since one batch may take
 * several posts. */
static void worker_wake_next(worker *w) {
    while (os_port_post(w->port, &w->stop_op) != PORTICO_OK) {
        os_sleep(10); /* out of memory; a worker that is not woken would never end */
    }
}

void worker_run(void *arg) {
    worker *w = arg;
    worker_enter(w);
    (void)os_thread_pace(NULL, OS_PACE_QUICK); /* players wait for it */
    pool_keep(true);
    while (!atomic_load(&workers.stop)) {
        uint32_t count = os_port_wait(w->port, w->batch, worker_room(w), UINT32_MAX);
        worker_begin(w, count);
        timers_help(w->now_ns);
        worker_run_batch(w);
        worker_learn(w, count);
        worker_end(w);
        stats_add_batch(count);
    }
    pool_keep(false);
    worker_leave();
    if (atomic_fetch_sub(&workers.running, 1) > 1) {
        worker_wake_next(w);
    }
}

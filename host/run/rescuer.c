/* rescuer.c: keeps a handler that takes long from delaying what its worker has queued after it.
 *
 * The rescuer, a thread of its own, looks at the workers. It does not wait on the port, because the
 * completion that would wake it may itself be queued after such a handler. When a batch has taken
 * longer than LONG_NS,
 *
 * 1. the rescuer gives the worker OS_PACE_LONG, so that threads that wake need not wait for its
 *    processor. The worker ends that itself at the end of its batch;
 * 2. the completions that the port keeps for the worker go to the other workers, and one of them
 *    waits for new ones;
 * 3. if the worker has completions or deferred work left, a post sends another worker to do
 *    them, an idle one if there is one.
 *
 * A worker that knows beforehand that it will take long, such as one that computes a handshake,
 * does 2 and 3 itself (worker_takes_long). Then it yields, since the system may have queued the
 * thread that it woke behind it. It leaves out 1: the long pace lasts until the thread sleeps, and
 * would delay the answers after the handshake on a machine where other programs want the processor.
 *
 * The worker that was sent may be held up like the first. Then the next look sends another one to
 * both. After RESCUE_NS no worker was idle, and the rescuer does the work itself.
 *
 * A look takes a microsecond, and costs the workers nothing. Looks are frequent only while there
 * are batches, and after handlers have taken long.
 */
#include "run/worker_state.h"

#include "base/stats.h"
#include "os/compiler.h"
#include "os/hurry.h"

enum { LONG_NS = 250000, RESCUE_NS = 100000000 };

/* The pause between two looks: the first if one has found a long batch in the last LONG_AGO_NS. It
 * doubles while no batch begins. */
enum { PAUSE_LONG_NS = 250000, PAUSE_NS = 4000000 };
static const uint64_t LONG_AGO_NS = 10000000000;

/* How long a yield may take, or there is none for a while. */
enum { YIELD_LONG_NS = 500000, YIELDS_NOT_NS = 100000000 };

static uint64_t found_long_ns; /* when a look last found a long batch; 0: never */

/* Looks at all workers and at the rescuer, since what it took over may block again. A stuck
 * worker's kept completions (of submits that finished at once) first go to the other workers,
 * since the rest of its batch may block. */
void workers_rescue(void) {
    worker *self = worker_self();
    for (uint32_t i = 0; self != NULL && i <= workers.count; i++) {
        worker *w = &workers.all[i];
        if (w != self && worker_is_stuck(w, self->now_ns, RESCUE_NS)) {
            os_port_share_kept(w->port);
            worker_help(w);
        }
    }
}

void rescuer_on_help(const os_completion *completion) {
    worker *w = container_of(completion->op, worker, help_op);
    atomic_store(&w->help_sent, false);
    stats_add(STAT_ops_submitted, 1); /* only here: a stop drops those that nobody waits for */
    if (worker_self() != w && worker_is_stuck(w, os_monotonic_ns(), 0)) {
        worker_help(w);
    }
}

/* Whether it has something left that another worker could run. */
static bool has_rest(const worker *w) {
    uint64_t left = atomic_load_explicit(&w->left, memory_order_relaxed);
    return (uint32_t)left < left >> 32 ||
           atomic_load_explicit(&w->deferred, memory_order_relaxed) != NULL;
}

/* If its batch ends just now, it stays slowed until the end of the next one. */
static void slow_down(worker *w) {
    if (os_thread_pace(w->thread, OS_PACE_LONG)) {
        atomic_fetch_or(&w->visitors, WORKER_SLOWED);
    }
}

static void send_help(worker *w) {
    if (has_rest(w) && !atomic_exchange(&w->help_sent, true) &&
        os_port_post(w->port, &w->help_op) != PORTICO_OK) {
        atomic_store(&w->help_sent, false); /* out of memory: at the next look */
    }
}

/* The batch of `w` has taken longer than LONG_NS. */
static void look_at_long(worker *w, uint64_t now_ns) {
    uint64_t began_ns = atomic_load_explicit(&w->began_ns, memory_order_relaxed);
    if (w->seen_ns != began_ns) {
        w->seen_ns = began_ns;
        found_long_ns = now_ns;
        slow_down(w);
        os_port_share_kept(w->port);
    }
    send_help(w);
}

/* The worker that has just been woken may be queued behind this one on its processor. If other
 * programs are, they get the processor instead: then this worker does not yield again soon. */
static void yield_briefly(worker *w) {
    uint64_t from_ns = os_monotonic_ns();
    if (from_ns < w->yields_not_ns) {
        return;
    }
    os_yield();
    uint64_t now_ns = os_monotonic_ns();
    if (now_ns - from_ns >= YIELD_LONG_NS) {
        w->yields_not_ns = now_ns + YIELDS_NOT_NS;
    }
}

COLD void worker_takes_long(void) {
    worker *w = worker_self();
    if (w == NULL || w == &workers.all[workers.count]) {
        return; /* the rescuer takes no batches */
    }
    if (workers.count > 1) {
        send_help(w);
        if (w->visits != NULL) {
            send_help(w->visits); /* another worker continues where this one was sent */
        }
        os_port_share_kept(w->port);
        yield_briefly(w);
    }
}

/* Looks at the workers. Returns whether any has begun a batch since `last_ns`, or runs one. */
static bool look(uint64_t now_ns, uint64_t last_ns) {
    bool active = false;
    for (uint32_t i = 0; i < workers.count; i++) {
        worker *w = &workers.all[i];
        uint64_t began_ns = atomic_load_explicit(&w->began_ns, memory_order_relaxed);
        active =
            active || began_ns >= last_ns || atomic_load_explicit(&w->busy, memory_order_relaxed);
        if (worker_is_stuck(w, now_ns, LONG_NS)) {
            look_at_long(w, now_ns);
        }
    }
    return active;
}

static uint64_t least_pause_ns(uint64_t now_ns) {
    if (workers.count == 1) {
        return RESCUE_NS; /* there is no other worker */
    }
    bool lately = found_long_ns != 0 && now_ns < found_long_ns + LONG_AGO_NS;
    return lately ? PAUSE_LONG_NS : PAUSE_NS;
}

static uint64_t pause_after(uint64_t pause_ns, bool active, uint64_t now_ns) {
    uint64_t least_ns = least_pause_ns(now_ns);
    if (active || pause_ns < least_ns) {
        return least_ns;
    }
    return pause_ns * 2 < RESCUE_NS ? pause_ns * 2 : RESCUE_NS;
}

static void rescuer_run(void *arg) {
    worker *self = arg;
    uint64_t pause_ns = PAUSE_NS;
    uint64_t last_ns = os_monotonic_ns();
    uint64_t round_ns = last_ns;
    worker_enter(self);
    (void)os_thread_pace(NULL, OS_PACE_BRISK);
    while (!atomic_load(&workers.stop)) {
        os_alarm_sleep(workers.alarm, last_ns + pause_ns);
        uint64_t now_ns = os_monotonic_ns();
        bool active = look(now_ns, last_ns);
        if (now_ns - round_ns >= RESCUE_NS) {
            round_ns = now_ns;
            worker_round(self, workers_rescue); /* runs what no worker has run */
        }
        pause_ns = pause_after(pause_ns, active, now_ns);
        last_ns = now_ns;
    }
    worker_leave();
}

portico_status rescuer_start(os_port *port) {
    worker *w = &workers.all[workers.count];
    w->port = port;
    w->number = workers.count + 1;
    found_long_ns = 0;
    portico_status status = os_alarm_create(&workers.alarm);
    if (status != PORTICO_OK) {
        return status;
    }
    status = os_thread_start(&w->thread, "rescuer", rescuer_run, w);
    if (status != PORTICO_OK) {
        os_alarm_destroy(workers.alarm);
    }
    return status;
}

void rescuer_stop(void) {
    worker *w = &workers.all[workers.count];
    if (w->thread != NULL) {
        os_alarm_ring(workers.alarm);
        os_thread_join(w->thread);
        os_alarm_destroy(workers.alarm);
        w->thread = NULL;
    }
}

/* token.c: see token.h. Any simulated thread; the holder of the token owns everything here.
 *
 * A thread without the token sleeps on an alarm of the real system's. The holder hands the token on
 * by choosing the next thread (pick), setting its `has_token` and ringing its alarm.
 */
#include "token.h"

#include "event.h"
#include "real.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    CALL_NS = 100,
    CALLS_MAX = 20000000,
    READY_MAX = 256,
    FAIR_PICKS = 2000, /* the first in priority runs no longer than this while others could */
    STALL_MAX_MS = 300,
    SPIN_CALLS = 16,
    SPIN_DOUBLED_MAX = 10 /* 0.1 ms */
};

typedef enum thread_state { THREAD_READY, THREAD_WAITING, THREAD_ENDED } thread_state;

struct os_thread {
    os_thread *next; /* in the order in which they were started */
    real_thread *real;
    real_alarm *turn; /* rung when the token comes */
    atomic_bool has_token;
    uint32_t priority;
    thread_state state;
    const void *object; /* waits for it */
    uint64_t until_ns;  /* THREAD_WAITING: at the latest; THREAD_READY: stalled until then */
    bool woken;         /* by token_wake, not by the time */
    void (*fn)(void *arg);
    void *arg;
    run_thread info;
};

static struct {
    os_thread first; /* the thread that began */
    os_thread *last;
    uint32_t threads;
    uint32_t picks;    /* in a row of the same thread */
    os_thread *awaits; /* a thread in sim_await_call */
    uint64_t awaited;
    os_thread *settles; /* a thread in sim_settle */
    bool began;
} sim;

static _Thread_local os_thread *self;

/* ---- failures ---------------------------------------------------------------------------- */

static void threads_print(void) {
    static const char *const states[] = {"could run", "waits", "has ended"};
    for (const os_thread *t = &sim.first; t != NULL; t = t->next) {
        fprintf(stderr, "  %c %-15s %s", &t->info == run.thread ? '>' : ' ', t->info.name,
                states[t->state]);
        if (t->state == THREAD_WAITING && t->until_ns == UINT64_MAX) {
            fprintf(stderr, " for ever");
        } else if (t->state == THREAD_WAITING) {
            fprintf(stderr, " until %.6f ms", (double)t->until_ns / 1e6);
        }
        fprintf(stderr, ", in %s\n", t->info.last_call != NULL ? t->info.last_call : "no call");
    }
}

_Noreturn void sim_fail(const char *format, ...) {
    va_list arguments;
    fflush(NULL);
    fprintf(stderr, "sim: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nsim: seed %llu, call %llu, %.6f ms\n", (unsigned long long)run.options.seed,
            (unsigned long long)run.figures.calls, (double)run.now_ns / 1e6);
    threads_print();
    fflush(NULL);
    abort();
}

/* ---- handing the token on ---------------------------------------------------------------- */

uint64_t token_tick(uint64_t ns) {
    uint64_t tick_ns = (uint64_t)run.options.clock_tick_us * 1000;
    if (tick_ns == 0 || ns > UINT64_MAX - tick_ns) {
        return ns;
    }
    return (ns + tick_ns - 1) / tick_ns * tick_ns;
}

/* Writes the threads that can run now. *next_ns is when another one can, at the latest. */
static uint32_t find_ready(os_thread *ready[READY_MAX], uint64_t *next_ns) {
    uint32_t count = 0;
    *next_ns = event_next_ns();
    for (os_thread *t = &sim.first; t != NULL; t = t->next) {
        bool due = t->until_ns <= run.now_ns;
        if (t->state == THREAD_WAITING && due) {
            t->state = THREAD_READY;
            t->woken = false;
        }
        if (t->state == THREAD_READY && due && count < READY_MAX) {
            ready[count++] = t;
        } else if (t->state != THREAD_ENDED && t->until_ns < *next_ns) {
            *next_ns = t->until_ns;
        }
    }
    return count;
}

/* The first in priority. It moves to the end, now and then at random, and when it has run for long:
 * it may spin until another thread does something. */
static os_thread *first_in_priority(os_thread *const *ready, uint32_t count) {
    os_thread *first = ready[0];
    for (uint32_t i = 1; i < count; i++) {
        first = ready[i]->priority > first->priority ? ready[i] : first;
    }
    sim.picks = first == self ? sim.picks + 1 : 0;
    if (count > 1 && (sim.picks >= FAIR_PICKS || sim_chance(SIM_SCHEDULE, 512))) {
        sim.picks = 0;
        uint32_t least = UINT32_MAX;
        for (uint32_t i = 0; i < count; i++) {
            least = ready[i]->priority < least ? ready[i]->priority : least;
        }
        first->priority = least > 0 ? least - 1 : 0;
    }
    return first;
}

static void thread_wake(os_thread *t) {
    t->state = THREAD_READY;
    t->woken = true;
    t->until_ns = 0;
}

/* Wakes the thread in sim_settle if no thread is ready, stalled ones included, and no bytes are on
 * their way. */
static bool settle(void) {
    bool settled = sim.settles != NULL && event_next_ns() == UINT64_MAX;
    for (const os_thread *t = &sim.first; t != NULL; t = t->next) {
        settled = settled && t->state != THREAD_READY;
    }
    if (settled) {
        thread_wake(sim.settles);
        sim.settles = NULL;
    }
    return settled;
}

/* Chooses the next thread, advancing the clock to when there is one. */
static os_thread *pick(void) {
    os_thread *ready[READY_MAX];
    uint64_t next_ns = 0;
    for (;;) {
        events_run();
        uint32_t count = find_ready(ready, &next_ns);
        if (count > 0 && run.options.policy == SIM_POLICY_PRIORITY) {
            return first_in_priority(ready, count);
        }
        if (count > 0) {
            return ready[count == 1 ? 0 : sim_random(SIM_SCHEDULE, count)];
        }
        if (settle()) {
            continue;
        }
        if (next_ns == UINT64_MAX) {
            sim_fail("every thread waits for ever");
        }
        run.now_ns = next_ns > run.now_ns ? next_ns : run.now_ns;
    }
}

static void token_take(os_thread *t) {
    while (!atomic_load_explicit(&t->has_token, memory_order_acquire)) {
        real_alarm_sleep(t->turn, UINT64_MAX);
    }
    atomic_store_explicit(&t->has_token, false, memory_order_relaxed);
}

static void token_give(os_thread *to) {
    run.figures.switches++;
    run.thread = &to->info;
    atomic_store_explicit(&to->has_token, true, memory_order_release);
    real_alarm_ring(to->turn);
}

/* Lets the next thread run, which may be this one. */
static void token_pass(void) {
    os_thread *next = pick();
    if (next != self) {
        token_give(next);
        token_take(self);
    }
}

static void stall(void) {
    if (fault_strikes(SIM_FAULT_STALL)) {
        self->until_ns = run.now_ns + (1 + sim_random(SIM_FAULTS, STALL_MAX_MS)) * 1000000;
        token_pass();
    }
}

int64_t token_atomic(void) {
    if (self != NULL && !run.in_event) {
        run.now_ns += CALL_NS;
        stall();
        token_pass();
    }
    uint32_t every = run.options.atomic_switch;
    return every == 0 ? INT64_MAX : (int64_t)sim_random(SIM_SCHEDULE, 2 * (uint64_t)every);
}

void sim_yield(void) {
    token_pass();
}

/* Lets the thread run that waits for this call. */
static void call_reached(void) {
    os_thread *t = sim.awaits;
    sim.awaits = NULL;
    if (t->state == THREAD_WAITING) {
        thread_wake(t);
        token_give(t);
        token_take(self);
    }
}

void token_call(const char *name, uint64_t value) {
    if (self == NULL) {
        fprintf(stderr, "sim: %s is called by a thread that os_thread_start did not start\n", name);
        abort();
    }
    uint64_t calls_max = run.options.calls_max != 0 ? run.options.calls_max : CALLS_MAX;
    if (++run.figures.calls > calls_max) {
        sim_fail("still running after %llu calls of the seam", (unsigned long long)calls_max);
    }
    self->info.repeats = self->info.last_call == name ? self->info.repeats + 1 : 0;
    self->info.last_call = name;
    self->info.used_ns += CALL_NS;
    run.figures.used_ns += CALL_NS;
    run.now_ns += CALL_NS;
    run_note("", name, value);
    events_run();
    stall();
    if (sim.awaits != NULL && run.figures.calls >= sim.awaited) {
        call_reached();
    }
    if (sim_chance(SIM_SCHEDULE, run.options.call_switch)) {
        token_pass();
    }
}

void token_spin(void) {
    uint32_t repeats = self->info.repeats;
    if (repeats >= SPIN_CALLS) {
        uint32_t doubled = repeats - SPIN_CALLS;
        uint64_t ns = (uint64_t)CALL_NS
                      << (doubled < SPIN_DOUBLED_MAX ? doubled : SPIN_DOUBLED_MAX);
        self->info.used_ns += ns;
        run.figures.used_ns += ns;
        run.now_ns += ns;
        token_pass();
    }
}

bool sim_await_call(uint64_t call, uint32_t timeout_ms) {
    if (run.figures.calls >= call) {
        return true;
    }
    sim.awaits = self;
    sim.awaited = call;
    bool reached = token_wait(&sim.awaits, token_until(timeout_ms));
    sim.awaits = sim.awaits == self ? NULL : sim.awaits;
    return reached;
}

void sim_settle(void) {
    sim.settles = self;
    token_wait(&sim.settles, UINT64_MAX);
}

uint64_t token_until(uint32_t timeout_ms) {
    return timeout_ms == UINT32_MAX ? UINT64_MAX
                                    : token_tick(run.now_ns + (uint64_t)timeout_ms * 1000000);
}

bool token_wait(const void *object, uint64_t until_ns) {
    self->state = THREAD_WAITING;
    self->object = object;
    self->until_ns = until_ns;
    token_pass();
    self->object = NULL;
    return self->woken;
}

void token_wake(const void *object) {
    for (os_thread *t = &sim.first; t != NULL; t = t->next) {
        if (t->state == THREAD_WAITING && t->object == object) {
            thread_wake(t);
        }
    }
}

void token_wake_one(const void *object) {
    os_thread *chosen = NULL;
    uint32_t count = 0;
    for (os_thread *t = &sim.first; t != NULL; t = t->next) {
        if (t->state == THREAD_WAITING && t->object == object &&
            sim_random(SIM_SCHEDULE, ++count) == 0) {
            chosen = t;
        }
    }
    if (chosen != NULL) {
        thread_wake(chosen);
    }
}

/* ---- threads ----------------------------------------------------------------------------- */

static portico_status thread_add(os_thread *t, const char *name) {
    portico_status status = real_alarm_create(&t->turn);
    if (status == PORTICO_OK) {
        t->info.number = ++sim.threads;
        t->priority = 1000000 + (uint32_t)sim_random(SIM_SCHEDULE, 1000000);
        snprintf(t->info.name, sizeof t->info.name, "%s", name);
        if (sim.last != NULL) {
            sim.last->next = t;
        }
        sim.last = t;
    }
    return status;
}

static void thread_main(void *arg) {
    self = arg;
    token_take(self);
    self->fn(self->arg);
    self->state = THREAD_ENDED;
    run_note("", "thread ends", self->info.number);
    token_wake(self);
    token_give(pick());
}

void sim_begin(const sim_options *options) {
    int argc = 0;
    char **argv = NULL;
    if (sim.began) {
        sim_fail("the simulation has already begun");
    }
    sim.began = true;
    run_begin(options);
    self = &sim.first;
    run.thread = &self->info;
    if (real_init(&argc, &argv) != PORTICO_OK || thread_add(self, "main") != PORTICO_OK) {
        sim_fail("the real system cannot be initialised");
    }
}

/* The stacks of the real threads are as large as the system makes them. */
void os_threads_set_stack(uint32_t bytes) {
    (void)bytes;
}

portico_status os_thread_start(os_thread **result, const char *name, void (*fn)(void *),
                               void *arg) {
    token_call("thread_start", 0);
    *result = NULL;
    portico_status status = handle_new();
    if (status != PORTICO_OK) {
        return error_simulated(status);
    }
    os_thread *t = run_alloc(sizeof *t);
    t->fn = fn;
    t->arg = arg;
    t->info.spared = self->info.spared;
    *result = t; /* before the start: the new thread may read it */
    if (thread_add(t, name) != PORTICO_OK ||
        real_thread_start(&t->real, name, thread_main, t) != PORTICO_OK) {
        sim_fail("the real system starts no thread");
    }
    return PORTICO_OK;
}

uint64_t os_thread_cpu_ns(const os_thread *thread) {
    token_call("thread_cpu_ns", thread->info.number);
    return thread->info.used_ns;
}

void os_thread_join(os_thread *thread) {
    token_call("thread_join", thread->info.number);
    while (thread->state != THREAD_ENDED) {
        token_wait(thread, UINT64_MAX);
    }
    real_thread_join(thread->real);
    os_thread *before = &sim.first;
    while (before->next != thread) {
        before = before->next;
    }
    before->next = thread->next;
    sim.last = sim.last == thread ? before : sim.last;
    real_alarm_destroy(thread->turn);
    free(thread);
    handle_give_back();
}

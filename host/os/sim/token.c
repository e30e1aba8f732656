/* token.c: see token.h. Any simulated thread; the holder of the token owns everything here.
 *
 * A thread without the token sleeps on an alarm of the real system's. The holder hands the token on
 * by choosing the next thread (pick), setting its `has_token` and ringing its alarm.
 */
#include "token.h"

#include "real.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    CALL_NS = 100,
    CALLS_MAX = 20000000,
    EVENTS_MAX = 1 << 16,
    READY_MAX = 256,
    FAIR_PICKS = 2000, /* the first in priority runs no longer than this while others could */
    STALL_MAX_MS = 300
};

typedef enum thread_state { THREAD_READY, THREAD_WAITING, THREAD_ENDED } thread_state;

struct os_thread {
    os_thread *next; /* in the order in which they were started */
    real_thread *real;
    real_alarm *turn; /* rung when the token comes */
    atomic_bool has_token;
    uint32_t number; /* from 1 */
    uint32_t priority;
    thread_state state;
    const void *object; /* waits for it */
    uint64_t until_ns;  /* THREAD_WAITING: at the latest; THREAD_READY: stalled until then */
    bool woken;         /* by token_wake, not by the time */
    bool spared;
    const char *last_call;
    uint64_t used_ns;
    void (*fn)(void *arg);
    void *arg;
    char name[16];
};

typedef struct event {
    uint64_t at_ns;
    uint64_t order;
    void (*run)(void *arg, uint64_t value);
    void *arg;
    uint64_t value;
} event;

static struct {
    sim_options options;
    os_thread first; /* the thread that began */
    os_thread *last;
    os_thread *running;
    uint32_t threads;
    uint32_t picks; /* in a row of the same thread */
    uint64_t now_ns;
    uint64_t sources[SIM_SOURCES];
    sim_figures figures;
    uint64_t faults_ended;
    uint64_t events_made;
    uint32_t events;
    event heap[EVENTS_MAX];
    bool in_event;
    bool began;
} sim;

static _Thread_local os_thread *self;

/* ---- chance ------------------------------------------------------------------------------ */

/* splitmix64 (https://prng.di.unimi.it/splitmix64.c). */
static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t sim_random(sim_source source, uint64_t below) {
    sim.sources[source] += 0x9e3779b97f4a7c15u;
    return mix(sim.sources[source]) % below;
}

bool sim_chance(sim_source source, uint32_t times) {
    return times != 0 && sim_random(source, times) == 0;
}

/* ---- figures and failures ---------------------------------------------------------------- */

static void hash_add(const char *name, uint64_t value) {
    uint64_t hash = sim.figures.hash ^ value;
    for (const char *c = name; *c != '\0'; c++) {
        hash = (hash ^ (uint8_t)*c) * 1099511628211u;
    }
    sim.figures.hash = mix(hash ^ sim.now_ns ^ ((uint64_t)token_thread() << 48));
}

static void trace(const char *mark, const char *name, uint64_t value) {
    if (sim.options.trace != NULL) {
        fprintf(sim.options.trace, "%14.6f %-12s %s%s %llu\n", (double)sim.now_ns / 1e6,
                self != NULL ? self->name : "?", mark, name, (unsigned long long)value);
    }
}

void sim_look(sim_figures *figures) {
    *figures = sim.figures;
    figures->now_ns = sim.now_ns;
}

const sim_options *token_options(void) {
    return &sim.options;
}

uint64_t token_now_ns(void) {
    return sim.now_ns;
}

uint32_t token_thread(void) {
    return self != NULL ? self->number : 0;
}

bool token_in_event(void) {
    return sim.in_event;
}

static void threads_print(void) {
    static const char *const states[] = {"could run", "waits", "has ended"};
    for (const os_thread *t = &sim.first; t != NULL; t = t->next) {
        fprintf(stderr, "  %c %-15s %s", t == sim.running ? '>' : ' ', t->name, states[t->state]);
        if (t->state == THREAD_WAITING && t->until_ns == UINT64_MAX) {
            fprintf(stderr, " for ever");
        } else if (t->state == THREAD_WAITING) {
            fprintf(stderr, " until %.6f ms", (double)t->until_ns / 1e6);
        }
        fprintf(stderr, ", in %s\n", t->last_call != NULL ? t->last_call : "no call");
    }
}

_Noreturn void sim_fail(const char *format, ...) {
    va_list arguments;
    fflush(NULL);
    fprintf(stderr, "sim: ");
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nsim: seed %llu, call %llu, %.6f ms\n", (unsigned long long)sim.options.seed,
            (unsigned long long)sim.figures.calls, (double)sim.now_ns / 1e6);
    threads_print();
    fflush(NULL);
    abort();
}

void *token_alloc(size_t size) {
    void *block = calloc(1, size);
    if (block == NULL) {
        sim_fail("the simulation itself is out of memory");
    }
    return block;
}

/* ---- events ------------------------------------------------------------------------------ */

static bool event_before(const event *a, const event *b) {
    return a->at_ns != b->at_ns ? a->at_ns < b->at_ns : a->order < b->order;
}

void token_event(uint64_t at_ns, void (*run)(void *arg, uint64_t value), void *arg,
                 uint64_t value) {
    if (sim.events == EVENTS_MAX) {
        sim_fail("more than %d events are due", EVENTS_MAX);
    }
    event made = {at_ns, ++sim.events_made, run, arg, value};
    uint32_t at = sim.events++;
    while (at > 0 && event_before(&made, &sim.heap[(at - 1) / 2])) {
        sim.heap[at] = sim.heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    sim.heap[at] = made;
}

static event event_take(void) {
    event first = sim.heap[0];
    event last = sim.heap[--sim.events];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= sim.events) {
            break;
        }
        if (child + 1 < sim.events && event_before(&sim.heap[child + 1], &sim.heap[child])) {
            child++;
        }
        if (!event_before(&sim.heap[child], &last)) {
            break;
        }
        sim.heap[at] = sim.heap[child];
        at = child;
    }
    sim.heap[at] = last;
    return first;
}

static void events_run(void) {
    bool before = sim.in_event;
    sim.in_event = true;
    while (sim.events > 0 && sim.heap[0].at_ns <= sim.now_ns) {
        event e = event_take();
        e.run(e.arg, e.value);
    }
    sim.in_event = before;
}

/* ---- handing the token on ---------------------------------------------------------------- */

static uint64_t to_tick(uint64_t ns) {
    uint64_t tick_ns = (uint64_t)sim.options.clock_tick_us * 1000;
    if (tick_ns == 0 || ns > UINT64_MAX - tick_ns) {
        return ns;
    }
    return (ns + tick_ns - 1) / tick_ns * tick_ns;
}

/* Writes the threads that can run now. *next_ns is when another one can, at the latest. */
static uint32_t find_ready(os_thread *ready[READY_MAX], uint64_t *next_ns) {
    uint32_t count = 0;
    *next_ns = sim.events > 0 ? sim.heap[0].at_ns : UINT64_MAX;
    for (os_thread *t = &sim.first; t != NULL; t = t->next) {
        bool due = t->until_ns <= sim.now_ns;
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
    sim.picks = first == sim.running ? sim.picks + 1 : 0;
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

/* Chooses the next thread, advancing the clock to when there is one. */
static os_thread *pick(void) {
    os_thread *ready[READY_MAX];
    uint64_t next_ns = 0;
    for (;;) {
        events_run();
        uint32_t count = find_ready(ready, &next_ns);
        if (count > 0 && sim.options.policy == SIM_POLICY_PRIORITY) {
            return first_in_priority(ready, count);
        }
        if (count > 0) {
            return ready[count == 1 ? 0 : sim_random(SIM_SCHEDULE, count)];
        }
        if (next_ns == UINT64_MAX) {
            sim_fail("every thread waits for ever");
        }
        sim.now_ns = next_ns > sim.now_ns ? next_ns : sim.now_ns;
    }
}

static void token_take(os_thread *t) {
    while (!atomic_load_explicit(&t->has_token, memory_order_acquire)) {
        real_alarm_sleep(t->turn, UINT64_MAX);
    }
    atomic_store_explicit(&t->has_token, false, memory_order_relaxed);
}

static void token_give(os_thread *to) {
    sim.figures.switches++;
    sim.running = to;
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

int64_t token_atomic(void) {
    if (self != NULL && !sim.in_event) {
        sim.now_ns += CALL_NS;
        token_pass();
    }
    uint32_t every = sim.options.atomic_switch;
    return every == 0 ? INT64_MAX : (int64_t)sim_random(SIM_SCHEDULE, 2 * (uint64_t)every);
}

void sim_yield(void) {
    token_pass();
}

static void stall(void) {
    if (fault_strikes(SIM_FAULT_STALL)) {
        self->until_ns = sim.now_ns + (1 + sim_random(SIM_FAULTS, STALL_MAX_MS)) * 1000000;
        trace("stalled in ", "ms", (self->until_ns - sim.now_ns) / 1000000);
        token_pass();
    }
}

void token_call(const char *name, uint64_t value) {
    if (self == NULL) {
        fprintf(stderr, "sim: %s is called by a thread that os_thread_start did not start\n", name);
        abort();
    }
    uint64_t calls_max = sim.options.calls_max != 0 ? sim.options.calls_max : CALLS_MAX;
    if (++sim.figures.calls > calls_max) {
        sim_fail("still running after %llu calls of the seam", (unsigned long long)calls_max);
    }
    self->last_call = name;
    self->used_ns += CALL_NS;
    sim.figures.used_ns += CALL_NS;
    sim.now_ns += CALL_NS;
    hash_add(name, value);
    trace("", name, value);
    events_run();
    stall();
    if (sim_chance(SIM_SCHEDULE, sim.options.call_switch)) {
        token_pass();
    }
}

void token_result(const char *name, uint64_t value) {
    hash_add(name, value);
    trace("= ", name, value);
}

uint64_t token_until(uint32_t timeout_ms) {
    return timeout_ms == UINT32_MAX ? UINT64_MAX
                                    : to_tick(sim.now_ns + (uint64_t)timeout_ms * 1000000);
}

bool token_wait(const void *object, uint64_t until_ns) {
    self->state = THREAD_WAITING;
    self->object = object;
    self->until_ns = until_ns;
    token_pass();
    self->object = NULL;
    return self->woken;
}

static void thread_wake(os_thread *t) {
    t->state = THREAD_READY;
    t->woken = true;
    t->until_ns = 0;
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
        t->number = ++sim.threads;
        t->priority = 1000000 + (uint32_t)sim_random(SIM_SCHEDULE, 1000000);
        snprintf(t->name, sizeof t->name, "%s", name);
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
    token_result("thread ends", self->number);
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
    sim.options = *options;
    for (int i = 0; i < SIM_SOURCES; i++) {
        sim.sources[i] = mix(options->seed * SIM_SOURCES + (uint64_t)i);
    }
    sim.now_ns = 1000000000;
    self = &sim.first;
    sim.running = self;
    if (real_init(&argc, &argv) != PORTICO_OK || thread_add(self, "main") != PORTICO_OK) {
        sim_fail("the real system cannot be initialised");
    }
}

portico_status os_init(int *argc, char ***argv) {
    if (!sim.began) {
        const char *seed = getenv("PORTICO_SIM_SEED");
        const char *handles = getenv("PORTICO_SIM_HANDLES");
        sim_options options = {.seed = seed != NULL ? strtoull(seed, NULL, 10) : 1,
                               .call_switch = 8,
                               .atomic_switch = 64,
                               .latency_us = 200,
                               .wall_ms = real_wall_ms(), /* files have real times */
                               .handles =
                                   handles != NULL ? (uint32_t)strtoul(handles, NULL, 10) : 0};
        sim_begin(&options);
    }
    return real_init(argc, argv);
}

portico_status os_thread_start(os_thread **result, const char *name, void (*fn)(void *),
                               void *arg) {
    token_call("thread_start", 0);
    *result = NULL;
    if (fault_strikes(SIM_FAULT_HANDLES) || !handle_take()) {
        return error_simulated(PORTICO_E_NO_HANDLES);
    }
    os_thread *t = token_alloc(sizeof *t);
    t->fn = fn;
    t->arg = arg;
    t->spared = self->spared;
    *result = t; /* before the start: the new thread may read it */
    if (thread_add(t, name) != PORTICO_OK ||
        real_thread_start(&t->real, name, thread_main, t) != PORTICO_OK) {
        sim_fail("the real system starts no thread");
    }
    return PORTICO_OK;
}

uint64_t os_thread_cpu_ns(const os_thread *thread) {
    token_call("thread_cpu_ns", thread->number);
    return thread->used_ns;
}

void os_thread_join(os_thread *thread) {
    token_call("thread_join", thread->number);
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

void sim_spare_this_thread(bool spare) {
    self->spared = spare;
}

/* ---- faults ------------------------------------------------------------------------------ */

void sim_fault_rate(sim_fault_kind kind, uint32_t one_in) {
    sim.options.faults[kind] = one_in;
}

void sim_faults_end(void) {
    sim.faults_ended = 1;
}

bool fault_strikes(sim_fault_kind kind) {
    if (self == NULL || self->spared || sim.in_event || sim.faults_ended != 0 ||
        sim.options.faults[kind] == 0) {
        return false;
    }
    uint64_t point = ++sim.figures.fault_points;
    bool counts = point >= sim.options.faults_from &&
                  (sim.options.faults_to == 0 || point <= sim.options.faults_to);
    if (!sim_chance(SIM_FAULTS, sim.options.faults[kind]) || !counts) {
        return false;
    }
    static const char *const names[SIM_FAULT_KINDS] = {"memory",  "handles", "network", "files",
                                                       "library", "stall",   "wake"};
    sim.figures.faults++;
    hash_add(names[kind], point);
    trace("FAULT ", names[kind], point);
    return true;
}

bool handle_take(void) {
    int64_t limit = sim.options.handles != 0 ? sim.options.handles : 1000000;
    if (sim.figures.handles >= limit) {
        return false;
    }
    sim.figures.handles++;
    return true;
}

void handle_give_back(void) {
    sim.figures.handles--;
}

void allocations_add(int64_t change) {
    sim.figures.allocations += change;
}

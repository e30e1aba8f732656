/* caller.c: see caller.h.
 *
 * A caller is one thread. It owns the copy of the call that it makes, and of all that the call
 * refers to: a lost call may read that when the control thread has long gone on. The lock guards
 * the fields up to `running` of all callers, and is a leaf.
 */
#include "module/caller.h"

#include "base/log.h"
#include "module/call.h"
#include "module/fault_policy.h"
#include "module/fault_report.h"
#include "module/running.h"
#include "run/begun.h"
#include "run/stop_clock.h"

#include <stdlib.h>
#include <string.h>

enum {
    NAMES_MAX = 128,
    END_TRIES = 20, /* a call may be in the host or the system at one moment, and not at the next */
    END_STEP_MS = 5,
    END_MS = 1000,        /* for the report of a call that is ended */
    LOOK_MS = 100,        /* until it is noticed that the host stops */
    STOP_MS = 1000,       /* for lost calls, at the end */
    UNLIMITED_MS = 600000 /* until caller_allow is called: in tests */
};

typedef struct caller {
    control_command ended; /* first */
    struct caller *next;   /* of the lost ones. Control thread */
    os_thread *thread;
    os_cond changed;
    bool busy;         /* it makes the call, or is about to */
    bool lost;         /* nobody waits for it */
    bool ends;         /* it is to end */
    uint64_t begun_ns; /* when it began the call; 0: not yet */
    os_guard_thread *guard;
    running *running; /* the thread's own */
    /* The call. Its thread's while busy. */
    module *module;
    generation *generation;
    bool staging;
    uint32_t begun; /* see begun.h */
    bool returned;
    call call;
    portico_migration migration;
    void *from; /* the state that `migration` refers to */
    char type[NAMES_MAX];
    char data[NAMES_MAX];
    char shown[NAMES_MAX];
} caller;

static struct {
    os_mutex lock;
    caller *idle; /* the thread that makes the next call; NULL: it is to be started */
    caller *lost; /* whose call is lost. Control thread */
    uint32_t timeout_ms;
    uint64_t left_ns; /* of it, for the calls that follow */
} callers = {.timeout_ms = UNLIMITED_MS, .left_ns = UNLIMITED_MS * 1000000ull};

/* ---- the thread ----------------------------------------------------------------------------- */

static void nothing(void *arg) {
    (void)arg;
}

/* Makes a call on the calling thread. */
static bool make_here(module *m, generation *g, bool staging, uint32_t begun, call *c) {
    if (staging) {
        module_begin_staged(m, g, call_what(c->kind));
    } else {
        module_begin(m, g, call_what(c->kind), 0);
    }
    begun_now = begun;
    bool returned = call_make(c);
    begun_now = 0;
    module_end();
    return returned;
}

/* The control thread frees a caller that was lost. */
static void caller_on_ended(control_command *command) {
    caller *r = (caller *)command;
    os_thread_join(r->thread);
    log_warn(r->module->name, "generation %u: %s has returned after all; nobody has waited for it",
             r->generation->number, call_what(r->call.kind));
    module_find_lost(r->module);
    generation_release(r->generation);
    caller **at = &callers.lost;
    while (*at != r) {
        at = &(*at)->next;
    }
    *at = r->next;
    free(r->from);
    free(r);
}

static void caller_run(void *arg) {
    caller *r = arg;
    (void)os_guard_call(nothing, NULL, NULL); /* reserves what os_guard_self needs */
    os_mutex_lock(&callers.lock);
    r->running = &running_now;
    r->guard = os_guard_self();
    while (!r->lost) {
        while (!r->busy && !r->ends) {
            os_cond_wait(&r->changed, &callers.lock, UINT32_MAX);
        }
        if (!r->busy) {
            break;
        }
        r->begun_ns = os_monotonic_ns();
        os_cond_wake_all(&r->changed);
        os_mutex_unlock(&callers.lock);
        r->returned = make_here(r->module, r->generation, r->staging, r->begun, &r->call);
        os_mutex_lock(&callers.lock);
        r->busy = false;
        os_cond_wake_all(&r->changed);
    }
    bool lost = r->lost;
    os_mutex_unlock(&callers.lock);
    if (lost) {
        control_post(&r->ended); /* keep last: it frees the caller */
    }
}

/* The caller for the next call. NULL: out of memory or threads. */
static caller *caller_get(void) {
    if (callers.idle == NULL) {
        caller *r = calloc(1, sizeof *r);
        if (r != NULL && os_thread_start(&r->thread, "caller", caller_run, r) != PORTICO_OK) {
            free(r);
            r = NULL;
        }
        if (r != NULL) {
            r->ended.run = caller_on_ended;
        }
        callers.idle = r;
    }
    return callers.idle;
}

/* ---- the call's own copy --------------------------------------------------------------------- */

static const char *copy_name(char to[NAMES_MAX], const char *name) {
    if (name == NULL) {
        return NULL;
    }
    snprintf(to, NAMES_MAX, "%s", name);
    return to;
}

static uint32_t begun_of(const module *m, const call *c) {
    return c->kind == CALL_START ? m->begun : 0;
}

/* False: out of memory. */
static bool caller_set(caller *r, module *m, generation *g, bool staging, const call *c) {
    r->module = m;
    r->generation = g;
    r->staging = staging;
    r->begun = begun_of(m, c);
    r->call = *c;
    r->call.type = copy_name(r->type, c->type);
    if (c->kind == CALL_DEPENDENCY_SWAPS) {
        r->call.data = copy_name(r->data, c->data);
        r->call.shown = copy_name(r->shown, c->shown);
    } else if (c->kind == CALL_MIGRATE) {
        r->migration = *(const portico_migration *)c->shown;
        r->call.shown = &r->migration;
        if (r->migration.from != NULL) {
            r->from = malloc(r->migration.from_size + 1);
            if (r->from == NULL) {
                return false;
            }
            memcpy(r->from, r->migration.from, r->migration.from_size);
            r->migration.from = r->from;
        }
    }
    return true;
}

static bool caller_take(caller *r, call *c) {
    c->status = r->call.status;
    c->verdict = r->call.verdict;
    c->lost = r->call.lost;
    free(r->from);
    r->from = NULL;
    return r->returned;
}

/* ---- the wait -------------------------------------------------------------------------------- */

/* How long a call that began at `begun_ns` may take, given whether the host stops. */
static uint64_t limit_now(uint64_t begun_ns, uint64_t limit_ns) {
    uint64_t begun_ms = begun_ns / 1000000;
    uint64_t until_ms = stop_clock_limit_ms(begun_ms, STOP_CLOCK_NEVER);
    uint64_t stop_ns =
        until_ms != STOP_CLOCK_NEVER ? (until_ms - begun_ms) * 1000000 : STOP_CLOCK_NEVER;
    return begun_ns != 0 && stop_ns < limit_ns ? stop_ns : limit_ns;
}

/* Waits until the call has ended. False: it has not when it has taken `limit_ns`. Time in which its
 * thread has not come to begin it does not count. `stops`: a stop of the host ends the wait sooner.
 */
static bool caller_wait(caller *r, uint64_t limit_ns, bool stops) {
    os_mutex_lock(&callers.lock);
    while (r->busy) {
        uint64_t taken_ns = r->begun_ns != 0 ? os_monotonic_ns() - r->begun_ns : 0;
        uint64_t now_limit_ns = stops ? limit_now(r->begun_ns, limit_ns) : limit_ns;
        if (r->begun_ns != 0 && taken_ns >= now_limit_ns) {
            break;
        }
        uint64_t rest_ms = (now_limit_ns - taken_ns) / 1000000 + 1;
        rest_ms = stops && rest_ms > LOOK_MS ? LOOK_MS : rest_ms;
        os_cond_wait(&r->changed, &callers.lock, r->begun_ns != 0 ? (uint32_t)rest_ms : UINT32_MAX);
    }
    bool ended = !r->busy;
    uint64_t taken_ns = os_monotonic_ns() - r->begun_ns;
    callers.left_ns = taken_ns < callers.left_ns ? callers.left_ns - taken_ns : 0;
    os_mutex_unlock(&callers.lock);
    return ended;
}

/* Waits until the call has ended, for at most `ms` from now. */
static bool caller_wait_more(caller *r, uint32_t ms) {
    uint64_t now_ns = os_monotonic_ns();
    return caller_wait(r, now_ns - r->begun_ns + ms * 1000000ull, false);
}

/* The call takes too long. True: it has ended, maybe because it was ended; its result is in *r.
 * *fault says where it was. */
static bool caller_end(caller *r, os_fault *fault) {
    bool ended = false;
    memset(fault, 0, sizeof *fault);
    fault->kind = OS_FAULT_HANG;
    for (int i = 0; i < END_TRIES && !ended; i++) {
        bool seen = false;
        os_fault now;
        bool lands = r->guard != NULL && os_guard_interrupt(r->guard, true, &now, &seen);
        if (seen) {
            *fault = now;
        }
        ended = caller_wait_more(r, lands ? END_MS : END_STEP_MS);
    }
    return ended;
}

/* Gives the caller up, unless its call has ended. One that has just faulted ends without the
 * module's help, so it is waited for. */
static bool caller_lose(caller *r) {
    os_mutex_lock(&callers.lock);
    bool lost = r->busy && running_abandon(r->running);
    if (lost) {
        r->lost = true;
        generation_hold(r->generation);
    }
    while (r->busy && !lost) {
        os_cond_wait(&r->changed, &callers.lock, UINT32_MAX);
    }
    os_mutex_unlock(&callers.lock);
    return lost;
}

static bool is_refused(const call *c, bool staging) {
    return c->kind == CALL_START || c->kind == CALL_MIGRATE || c->kind == CALL_DEPENDENCY_SWAPS ||
           staging;
}

/* The call is lost: what a fault costs, it costs as well. */
static void pay(caller *r, call *c, const os_fault *fault) {
    callers.idle = NULL;
    r->next = callers.lost;
    callers.lost = r;
    r->generation->lost = true;
    module_lose(r->module);
    fault_note(r->generation);
    c->status = PORTICO_E_FAULT;
    c->verdict = is_refused(c, r->staging) ? FAULT_REFUSED : FAULT_PASSED_OVER;
    fault_tell(r->module, r->generation, c, fault);
    log_error(
        r->module->name,
        "generation %u: %s does not return within %llu ms and cannot be ended; its code stays "
        "in memory and is not called again",
        r->generation->number, call_what(c->kind),
        (unsigned long long)limit_now(r->begun_ns, callers.timeout_ms * 1000000ull) / 1000000);
}

void caller_allow(uint32_t timeout_ms) {
    callers.timeout_ms = timeout_ms;
    callers.left_ns = timeout_ms * 1000000ull;
}

bool caller_make(module *m, generation *g, bool staging, call *c) {
    caller *r = caller_get();
    if (r == NULL || !caller_set(r, m, g, staging, c)) {
        return make_here(m, g, staging, begun_of(m, c),
                         c); /* better without a limit than not at all */
    }
    os_mutex_lock(&callers.lock);
    r->busy = true;
    r->begun_ns = 0;
    os_cond_wake_all(&r->changed);
    os_mutex_unlock(&callers.lock);
    if (caller_wait(r, callers.left_ns, true)) {
        return caller_take(r, c);
    }
    os_fault fault;
    bool ended = caller_end(r, &fault);
    caller_allow(callers.timeout_ms);
    if (ended || !caller_lose(r)) {
        return caller_take(r, c);
    }
    pay(r, c, &fault);
    return false;
}

bool caller_stop(void) {
    caller *r = callers.idle;
    if (r != NULL) {
        os_mutex_lock(&callers.lock);
        r->ends = true;
        os_cond_wake_all(&r->changed);
        os_mutex_unlock(&callers.lock);
        os_thread_join(r->thread);
        free(r);
        callers.idle = NULL;
    }
    uint64_t now_ms = os_monotonic_ms();
    uint64_t until_ms = stop_clock_limit_ms(now_ms, now_ms + STOP_MS);
    control_drain();
    while (callers.lost != NULL && os_monotonic_ms() < until_ms) {
        os_sleep(END_STEP_MS);
        control_drain();
    }
    return callers.lost == NULL;
}

void caller_remove_copies(void) {
    for (caller *r = callers.lost; r != NULL; r = r->next) {
        image_copy_remove(&r->generation->copy);
    }
}

/* caller.c: see caller.h. The control thread's side: waits for calls, and ends those that take too
 * long. caller_thread.c is the side of the thread that makes them. */
#include "module/caller_thread.h"

#include "base/log.h"
#include "module/fault_policy.h"
#include "module/fault_report.h"
#include "run/stop_clock.h"

#include <stdlib.h>
#include <string.h>

enum {
    END_TRIES = 20, /* a call may be in the host or the system at one moment, and not at the next */
    END_STEP_MS = 5,
    END_MS = 1000, /* for the report of a call that is ended */
    LOOK_MS = 100, /* until it is noticed that the host stops */
    STOP_MS = 1000 /* for lost calls, at the end */
};

/* ---- the wait -------------------------------------------------------------------------------- */

/* How long a call that began at `begun_ns` may take, given whether the host stops. */
static uint64_t limit_now(uint64_t begun_ns, uint64_t limit_ns) {
    uint64_t begun_ms = begun_ns / 1000000;
    uint64_t until_ms = stop_clock_limit_ms(begun_ms, STOP_CLOCK_NEVER);
    uint64_t stop_ns =
        until_ms != STOP_CLOCK_NEVER ? (until_ms - begun_ms) * 1000000 : STOP_CLOCK_NEVER;
    return begun_ns != 0 && stop_ns < limit_ns ? stop_ns : limit_ns;
}

/* Sleeps until something may have changed. False: the call that has begun has taken `limit_ns`, or
 * what a stop of the host leaves of it if `stops` is set. [lock held] */
static bool wait_once_locked(caller *r, uint64_t limit_ns, bool stops) {
    uint64_t taken_ns = r->begun_ns != 0 ? os_monotonic_ns() - r->begun_ns : 0;
    uint64_t now_limit_ns = stops ? limit_now(r->begun_ns, limit_ns) : limit_ns;
    if (r->begun_ns != 0 && taken_ns >= now_limit_ns) {
        return false;
    }
    uint64_t rest_ms = (now_limit_ns - taken_ns) / 1000000 + 1;
    rest_ms = stops && rest_ms > LOOK_MS ? LOOK_MS : rest_ms;
    os_cond_wait(&r->changed, &callers.lock, (uint32_t)rest_ms);
    return true;
}

/* Waits until the call number `made` has ended. False: it has not when it has taken `limit_ns`, or
 * sooner if the host stops and `stops` is set. Time in which its thread has not come to begin it
 * does not count. */
static bool caller_wait(caller *r, uint32_t made, uint64_t limit_ns, bool stops) {
    os_mutex_lock(&callers.lock);
    while (r->made == made && wait_once_locked(r, limit_ns, stops)) {
    }
    bool ended = r->made != made;
    if (r->row == NULL) {
        caller_take_time_locked(os_monotonic_ns() - r->begun_ns);
    }
    os_mutex_unlock(&callers.lock);
    return ended;
}

/* Waits until the row has ended. False: a call in it has taken all the time there is, and *made is
 * its number; when it returns, the thread waits for caller_let_go. */
static bool row_wait(caller *r, uint32_t *made) {
    os_mutex_lock(&callers.lock);
    while (r->busy && wait_once_locked(r, callers.left_ns, true)) {
    }
    *made = r->made;
    bool ended = !r->busy;
    r->held = !ended;
    os_mutex_unlock(&callers.lock);
    return ended;
}

static void caller_let_go(caller *r) {
    os_mutex_lock(&callers.lock);
    r->held = false;
    os_cond_wake_all(&r->changed);
    os_mutex_unlock(&callers.lock);
}

/* The same, for at most `ms` from now. */
static bool caller_wait_more(caller *r, uint32_t made, uint32_t ms) {
    os_mutex_lock(&callers.lock);
    uint64_t limit_ns = os_monotonic_ns() - r->begun_ns + ms * 1000000ull;
    os_mutex_unlock(&callers.lock);
    return caller_wait(r, made, limit_ns, false);
}

/* The call takes too long. True: it has ended, maybe because it was ended; its result is in *r.
 * *fault says where it was. */
static bool caller_end(caller *r, uint32_t made, os_fault *fault) {
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
        ended = caller_wait_more(r, made, lands ? END_MS : END_STEP_MS);
    }
    return ended;
}

/* Gives the caller up, unless its call has ended. One that has just faulted ends without the
 * module's help, so it is waited for. */
static bool caller_lose(caller *r, uint32_t made) {
    os_mutex_lock(&callers.lock);
    bool lost = r->made == made && running_abandon(r->running);
    if (lost) {
        r->lost = true;
        generation_hold(r->generation);
    }
    while (r->made == made && !lost) {
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
    os_mutex_lock(&callers.lock);
    callers.timeout_ms = timeout_ms;
    callers.left_ns = timeout_ms * 1000000ull;
    os_mutex_unlock(&callers.lock);
}

/* ---- calls ----------------------------------------------------------------------------------- */

/* A call has taken all the time there is. True: it has ended, by itself or with help. False: it is
 * lost, and its thread writes nothing of it any more; *fault is what to tell of it. */
static bool settle(caller *r, uint32_t made, os_fault *fault) {
    bool ended = caller_end(r, made, fault);
    caller_allow(callers.timeout_ms);
    return ended || !caller_lose(r, made);
}

/* A single call. */
static bool make_alone(caller *r, call *c) {
    os_mutex_lock(&callers.lock);
    uint32_t made = r->made;
    r->row = NULL;
    r->busy = true;
    r->begun_ns = 0;
    os_cond_wake_all(&r->changed);
    os_mutex_unlock(&callers.lock);
    os_fault fault;
    if (caller_wait(r, made, callers.left_ns, true) || settle(r, made, &fault)) {
        return caller_take(r, c);
    }
    pay(r, c, &fault);
    return false;
}

bool caller_make(module *m, generation *g, bool staging, call *c) {
    bool in_row = false;
    if (g->lost) {
        c->status = PORTICO_E_FAULT;
        return false;
    }
    caller *r = caller_get(&in_row);
    if (r == NULL || !caller_set(r, m, g, staging, c)) {
        return caller_make_here(m, g, staging, c); /* better without a limit than not at all */
    }
    if (!in_row) {
        return make_alone(r, c);
    }
    caller_make_in_row(r);
    return caller_take(r, c);
}

/* Has the row made, from w->at on. False: a call in it was lost. */
static bool row_pass(caller *r, caller_steps *w) {
    os_mutex_lock(&callers.lock);
    r->row = w;
    r->busy = true;
    r->begun_ns = 0;
    os_mutex_unlock(&callers.lock);
    os_cond_wake_all(&r->changed); /* without the lock, for which it would have to wait */
    uint32_t made = 0;
    while (!row_wait(r, &made)) {
        os_fault fault;
        bool kept = settle(r, made, &fault);
        if (!kept) {
            call lost = r->call;
            pay(r, &lost, &fault);
        }
        caller_let_go(r);
        if (!kept) {
            return false;
        }
    }
    return true;
}

void caller_row(caller_step step, void *arg) {
    caller_steps w = {.step = step, .arg = arg};
    bool in_row = false;
    caller *r = caller_get(&in_row);
    while (r != NULL && !row_pass(r, &w)) {
        r = caller_get(&in_row);
    }
    if (r == NULL) {
        caller_make_row_here(&w);
    }
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

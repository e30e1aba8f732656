/* warden.c: see warden.h.
 *
 * Three threads. The warden takes no lock of a session's and never logs, so that nothing keeps it
 * from ending the process. From the cut on there are two more, which may be held up: the cutter
 * closes sessions, and the witness writes the log. The warden waits for neither for ever.
 */
#include "warden.h"

#include "admin/stop_waiter.h"
#include "base/log.h"
#include "module/fault_stuck.h"
#include "net/ready.h"
#include "run/control.h"
#include "run/stop_clock.h"
#include "session/session.h"

#include <stdatomic.h>

enum {
    ABORT_STEP_MS = 50,
    REPORT_MS = 20000, /* for the report, which looks for the names of functions: usually 1 s */
    WITNESS_MS = 25000,
    TELL_MS = 2000, /* for those who wait in `ctl stop`: usually 0.1 s */
    WITNESS_STEP_MS = 10
};

static struct {
    const config *config;
    os_thread *thread;
    os_thread *witness;
    os_thread *cutter;
    os_mutex sessions_lock; /* held while the warden goes through the sessions */
    bool spares;            /* [sessions_lock] */
    atomic_bool said;       /* the witness has written everything */
} warden;

void warden_spare_sessions(void) {
    os_mutex_lock(&warden.sessions_lock);
    warden.spares = true;
    os_mutex_unlock(&warden.sessions_lock);
}

/* ---- the witness ----------------------------------------------------------------------------- */

static void say_cut(void) {
    char what[CONTROL_WHAT_MAX];
    (void)control_look(what);
    log_warn("host",
             "the stop has not ended after stop_timeout_ms = %u (%s): open sessions are closed at "
             "once, and the process ends in %llu ms",
             warden.config->stop_timeout_ms, what,
             (unsigned long long)(stop_clock_end_ms() - stop_clock_cut_ms()));
}

/* The admin thread names the stuck calls to `ctl stop`: before the report, which keeps others from
 * looking at calls. */
static void await_waiters(void) {
    uint64_t until_ms = os_monotonic_ms() + TELL_MS;
    while (!stop_all_told() && os_monotonic_ms() < until_ms) {
        os_sleep(WITNESS_STEP_MS);
    }
}

static void say_stuck(void) {
    char what[CONTROL_WHAT_MAX];
    await_waiters();
    (void)control_look(what);
    uint32_t calls = fault_stuck_count();
    log_error("host",
              "the stop has not ended after %llu ms (%s): %u call%s not returned; the process ends "
              "with exit code %d",
              (unsigned long long)stop_clock_since_ms(), what, calls,
              calls == 1 ? " into a module has" : "s into modules have", STOP_STUCK);
    fault_stuck_tell(os_monotonic_ms() + REPORT_MS);
    ready_remove(); /* a control thread that is stuck has not done so */
    log_flush(LOG_FLUSH_MS);
}

static void witness_run(void *arg) {
    (void)arg;
    say_cut();
    if (stop_clock_sleep(stop_clock_end_ms())) {
        say_stuck();
        atomic_store(&warden.said, true);
    }
}

static void witness_wait(void) {
    uint64_t until_ms = os_monotonic_ms() + WITNESS_MS;
    if (warden.witness == NULL) {
        say_stuck(); /* better with a risk than without a word */
        return;
    }
    while (!atomic_load(&warden.said) && os_monotonic_ms() < until_ms) {
        os_sleep(WITNESS_STEP_MS);
    }
}

/* ---- the cutter ------------------------------------------------------------------------------ */

static void abort_one(void *arg, session *s) {
    (void)arg;
    session_abort(s, PORTICO_E_SHUTDOWN);
}

static void abort_sessions(void) {
    os_mutex_lock(&warden.sessions_lock);
    if (!warden.spares) {
        sessions_each(abort_one, NULL);
    }
    os_mutex_unlock(&warden.sessions_lock);
}

/* Until the end; again and again, since an accept in flight may still become a session. */
static void cutter_run(void *arg) {
    uint64_t end_ms = stop_clock_end_ms();
    bool goes_on = true;
    (void)arg;
    while (goes_on && os_monotonic_ms() < end_ms) {
        abort_sessions();
        uint64_t next_ms = os_monotonic_ms() + ABORT_STEP_MS;
        goes_on = stop_clock_sleep(next_ms < end_ms ? next_ms : end_ms);
    }
}

/* ---- the warden ------------------------------------------------------------------------------ */

/* NULL: there is none. */
static os_thread *helper(const char *name, void (*run)(void *arg)) {
    os_thread *thread = NULL;
    return os_thread_start(&thread, name, run, NULL) == PORTICO_OK ? thread : NULL;
}

static void join(os_thread *thread) {
    if (thread != NULL) {
        os_thread_join(thread);
    }
}

static void warden_run(void *arg) {
    (void)arg;
    if (!stop_clock_await() || !stop_clock_sleep(stop_clock_cut_ms())) {
        return;
    }
    warden.witness = helper("witness", witness_run);
    warden.cutter = helper("cutter", cutter_run);
    if (warden.cutter == NULL) {
        cutter_run(NULL); /* better with a risk than not at all */
    }
    if (stop_clock_sleep(stop_clock_end_ms())) {
        stop_announce(STOP_STUCK);
        witness_wait();
        os_exit(STOP_STUCK);
    }
    join(warden.witness);
    join(warden.cutter);
}

bool warden_start(const config *c) {
    warden.config = c;
    return os_thread_start(&warden.thread, "warden", warden_run, NULL) == PORTICO_OK;
}

void warden_stop(void) {
    if (warden.thread != NULL) {
        stop_clock_over();
        os_thread_join(warden.thread);
        warden.thread = NULL;
    }
}

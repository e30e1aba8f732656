/* watchdog_look.c: the side of the watchdog that reads what other threads call: see
 * watchdog_slots.h. One thread looks at a time. */
#include "run/watchdog_slots.h"

#include "base/log.h"
#include "run/entity_table.h"

#include <stdio.h>
#include <string.h>

static struct {
    _Atomic uint32_t limit_ms;
    _Atomic uint32_t late;
    _Atomic uint64_t total;
    atomic_bool looking;
    bool full; /* [looking] there is no room for what this look has to tell */
    /* The call that is being interrupted. */
    watch_slot *_Atomic target;
    _Atomic uint64_t target_call;
    os_mutex reporting;
} watch;

void watchdog_set_hooks(const watchdog_hooks *hooks) {
    watch_hooks = *hooks;
}

/* ---- reading -------------------------------------------------------------------------------- */

static void run_read(const watch_run *r, watchdog_call *shown) {
    shown->module = atomic_load_explicit(&r->name, memory_order_relaxed);
    shown->what = atomic_load_explicit(&r->what, memory_order_relaxed);
    shown->entity = atomic_load_explicit(&r->entity, memory_order_relaxed);
    shown->started_ns = atomic_load_explicit(&r->started_ns, memory_order_relaxed);
}

static uint32_t number_of(uint64_t call) {
    return (uint32_t)(call >> NUMBER_SHIFT);
}

/* How many calls its thread has begun. */
static uint64_t count_of(watch_slot *s) {
    return atomic_load_explicit(&s->count, memory_order_acquire) >> COUNT_SHIFT;
}

static uint32_t thread_of(const watch_slot *s) {
    return (uint32_t)(s - watch_slots) + 1;
}

/* The call that runs. False: none does, or another one has begun. */
static bool slot_read(watch_slot *s, watch_view *v) {
    v->call = atomic_load_explicit(&s->call, memory_order_acquire);
    if (v->call == 0) {
        return false;
    }
    uint64_t runs = atomic_load_explicit(&s->runs, memory_order_relaxed);
    run_read(&s->run[runs % WATCH_RING], &v->shown);
    v->shown.number = number_of(v->call);
    v->shown.thread = thread_of(s);
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&s->call, memory_order_relaxed) == v->call;
}

/* Reads the call with the count `count`. Its run is *run or an earlier one, which *run then names.
 * False: it is no longer in the ring. */
static bool ring_read(watch_slot *s, uint64_t count, uint64_t *run, watchdog_call *shown) {
    uint64_t call = atomic_load_explicit(&s->calls[count % WATCH_RING], memory_order_relaxed);
    uint64_t last = *run;
    while (*run > 0 && last - *run < WATCH_RING - 1 &&
           atomic_load_explicit(&s->run[*run % WATCH_RING].first, memory_order_relaxed) > count) {
        (*run)--;
    }
    run_read(&s->run[*run % WATCH_RING], shown);
    shown->number = number_of(call);
    shown->thread = thread_of(s);
    atomic_thread_fence(memory_order_acquire);
    uint64_t run_now = atomic_load_explicit(&s->runs, memory_order_relaxed);
    return *run > 0 && count_of(s) - count < WATCH_RING - 1 && run_now - *run < WATCH_RING - 1;
}

/* Puts it among the latest, of which there are `count`; returns their number. */
static uint32_t recent_add(watchdog_call *calls, uint32_t count, uint32_t most,
                           const watchdog_call *one) {
    uint32_t at = count;
    while (at > 0 && calls[at - 1].started_ns < one->started_ns) {
        at--;
    }
    if (at == most) {
        return count;
    }
    uint32_t kept = count < most ? count : most - 1;
    memmove(calls + at + 1, calls + at, (kept - at) * sizeof *calls);
    calls[at] = *one;
    return kept + 1;
}

uint32_t watchdog_recent(const char *module_name, watchdog_call *calls, uint32_t most) {
    uint32_t found = 0;
    most = most < WATCHDOG_RECENT ? most : WATCHDOG_RECENT;
    for (uint32_t i = 0; most > 0 && i < watch_slots_used(); i++) {
        watch_slot *s = &watch_slots[i];
        uint64_t count = count_of(s);
        uint64_t run = atomic_load_explicit(&s->runs, memory_order_acquire);
        watchdog_call one;
        for (; count > 0 && ring_read(s, count, &run, &one); count--) {
            if (strcmp(one.module, module_name) == 0) {
                found = recent_add(calls, found, most, &one);
            }
        }
    }
    return found;
}

/* ---- calls that take too long ---------------------------------------------------------------- */

void watchdog_text(const watchdog_call *c, char text[WATCHDOG_TEXT]) {
    const char *what = c->what != NULL ? c->what : "job";
    bool numbered = c->what == NULL || strcmp(what, "opcode") == 0 || strcmp(what, "message") == 0;
    int used = snprintf(text, WATCHDOG_TEXT, "%s", what);
    if (numbered) {
        used += snprintf(text + used, WATCHDOG_TEXT - (size_t)used, " %u", c->number);
    }
    if (c->entity != 0) {
        snprintf(text + used, WATCHDOG_TEXT - (size_t)used, " of %s %llu", entity_word(c->entity),
                 (unsigned long long)c->entity);
    }
}

static void report(const watchdog_call *c, uint64_t now_ns, bool returned) {
    char text[WATCHDOG_TEXT];
    watchdog_text(c, text);
    log_warn(c->module, "%s %s %llu ms", text,
             returned ? "has returned after" : "has not returned for",
             (unsigned long long)(now_ns - c->started_ns) / 1000000);
}

/* Logs the return of the call that was logged, if it has returned. [reporting] */
static void report_return(watch_slot *s) {
    if (s->reported != 0 && s->reported != atomic_load(&s->call)) {
        s->reported = 0;
        atomic_fetch_sub(&watch.late, 1);
        report(&s->reported_view.shown, os_monotonic_ns(), true);
    }
}

static void slot_returned(watch_slot *s) {
    os_mutex_lock(&watch.reporting);
    report_return(s);
    os_mutex_unlock(&watch.reporting);
}

void watchdog_start(uint32_t limit_ms) {
    watch_returned = slot_returned;
    atomic_store(&watch.limit_ms, limit_ms);
}

/* When the call began. The first of several in a row has recorded that; for a later one it is
 * when a reader first saw it. [reporting] */
static uint64_t slot_since(const watch_slot *s, const watch_view *v, uint64_t now_ns) {
    return v->call == s->seen            ? s->seen_ns
           : (v->call & CALL_FIRST) != 0 ? v->shown.started_ns
                                         : now_ns;
}

static bool is_job(const watch_view *v) {
    return v->shown.what == NULL;
}

/* Whether the call exceeds the limit; the first time, it is logged. [reporting] */
static bool is_late(watch_slot *s, const watch_view *v, uint64_t now_ns) {
    uint64_t limit_ms = atomic_load(&watch.limit_ms);
    limit_ms *= is_job(v) ? WATCHDOG_JOB_TIMES : 1;
    if (s->reported == v->call) {
        return true;
    }
    if (limit_ms == 0 || now_ns < v->shown.started_ns + limit_ms * 1000000) {
        return false;
    }
    s->reported_view = *v;
    s->reported = v->call;
    atomic_fetch_add(&watch.late, 1);
    atomic_fetch_add(&watch.total, 1);
    report(&v->shown, now_ns, false);
    return true;
}

/* ---- where they are, and their end ----------------------------------------------------------- */

/* Describes where the thread is; with `end` tries to end its call. True: it has ended. *seen: it
 * has not, and *where is right. */
static bool interrupt(watch_slot *s, const watch_view *v, bool end, os_fault *where, bool *seen) {
    os_guard_thread *thread = atomic_load(&s->thread);
    *seen = false;
    if (thread == NULL) {
        return false;
    }
    atomic_store(&watch.target_call, v->call);
    atomic_store(&watch.target, s);
    bool ended = os_guard_interrupt(thread, end, where, seen);
    atomic_store(&watch.target, NULL);
    *seen = *seen && !ended && atomic_load(&s->call) == v->call;
    return ended;
}

bool watchdog_still_hangs(const void *owner) {
    watch_slot *s = atomic_load(&watch.target);
    return s == NULL || atomic_load(&s->owner) != owner ||
           atomic_load(&s->call) == atomic_load(&watch.target_call);
}

/* Tells where a late call is, once. */
static void tell_late(watch_slot *s, const watch_view *v) {
    os_fault where;
    bool seen = false;
    if (s->located == v->call || watch.full || watch_hooks.tell == NULL) {
        return;
    }
    (void)interrupt(s, v, false, &where, &seen);
    watch.full = seen && !watch_hooks.tell(&v->shown, &where, false);
    if (!watch.full) {
        s->located = v->call;
    }
}

enum { END_TRIES = 64, END_MS = 50 };

/* Tries to end the call. A loop that mostly runs in other libraries' functions, such as the clock,
 * can only be ended while it is in the module's own code, so a thread that runs is looked at
 * several times. One that waits in the system is not: that might disturb it. */
static bool end_call(watch_slot *s, const watch_view *v, os_fault *where, bool *seen) {
    uint64_t until_ms = os_monotonic_ms() + END_MS;
    bool ended = false;
    bool again = true;
    for (int i = 0; i < END_TRIES && again; i++) {
        ended = interrupt(s, v, true, where, seen);
        again = !ended && *seen && !where->in_system && os_monotonic_ms() < until_ms;
    }
    return ended;
}

/* Ends the call if it takes longer than its module allows. If that fails, the next look tries
 * again, because the thread may be elsewhere then; only the second failure is logged. */
static void end_hung(watch_slot *s, const watch_view *v, uint64_t now_ns) {
    uint32_t hang_ms = watch_hooks.hang_ms != NULL ? watch_hooks.hang_ms(v->shown.module) : 0;
    if (hang_ms == 0 || now_ns < v->shown.started_ns + hang_ms * 1000000ull) {
        return;
    }
    os_fault where;
    bool seen = false;
    bool ended = end_call(s, v, &where, &seen);
    bool again = s->tried == v->call;
    s->tried = v->call;
    if (!ended && again && s->hung != v->call && atomic_load(&s->call) == v->call &&
        watch_hooks.tell(&v->shown, seen ? &where : NULL, true)) {
        s->hung = v->call;
    }
}

static void look_at(watch_slot *s, uint64_t now_ns) {
    watch_view v;
    os_mutex_lock(&watch.reporting);
    report_return(s);
    bool runs = slot_read(s, &v);
    bool late = false;
    if (runs) {
        v.shown.started_ns = slot_since(s, &v, now_ns);
        s->seen = v.call;
        s->seen_ns = v.shown.started_ns;
        late = is_late(s, &v, now_ns);
    }
    os_mutex_unlock(&watch.reporting);
    if (late) {
        tell_late(s, &v);
    }
    if (runs && !is_job(&v)) {
        end_hung(s, &v, now_ns);
    }
}

void watchdog_look(void) {
    if (atomic_exchange(&watch.looking, true)) {
        return;
    }
    uint64_t now_ns = os_monotonic_ns();
    watch.full = false;
    for (uint32_t i = 0; i < watch_slots_used(); i++) {
        look_at(&watch_slots[i], now_ns);
    }
    atomic_store(&watch.looking, false);
}

void watchdog_running(bool locate,
                      void (*each)(void *arg, const watchdog_call *c, const os_fault *where),
                      void *arg) {
    while (atomic_exchange(&watch.looking, true)) {
        os_sleep(1);
    }
    uint64_t now_ns = os_monotonic_ns();
    for (uint32_t i = 0; i < watch_slots_used(); i++) {
        watch_slot *s = &watch_slots[i];
        watch_view v;
        os_fault where;
        bool seen = false;
        os_mutex_lock(&watch.reporting);
        bool runs = slot_read(s, &v);
        v.shown.started_ns = runs ? slot_since(s, &v, now_ns) : 0;
        os_mutex_unlock(&watch.reporting);
        if (runs && locate) {
            (void)interrupt(s, &v, false, &where, &seen);
        }
        if (runs) {
            each(arg, &v.shown, seen ? &where : NULL);
        }
    }
    atomic_store(&watch.looking, false);
}

/* ---- figures --------------------------------------------------------------------------------- */

void watchdog_describe(const char *module_name, char *text, size_t size) {
    uint64_t now_ns = os_monotonic_ns();
    uint64_t first_ns = UINT64_MAX;
    snprintf(text, size, "it has returned by now");
    for (uint32_t i = 0; i < watch_slots_used(); i++) {
        watch_view v;
        os_mutex_lock(&watch.reporting);
        bool runs = slot_read(&watch_slots[i], &v) && v.shown.what != NULL;
        uint64_t since_ns = runs ? slot_since(&watch_slots[i], &v, now_ns) : UINT64_MAX;
        os_mutex_unlock(&watch.reporting);
        if (since_ns < first_ns &&
            (module_name == NULL || strcmp(v.shown.module, module_name) == 0)) {
            first_ns = since_ns;
            snprintf(text, size, "module %s, %s %u of entity %llu, for %llu ms now", v.shown.module,
                     v.shown.what, v.shown.number, (unsigned long long)v.shown.entity,
                     (unsigned long long)(now_ns - since_ns) / 1000000);
        }
    }
}

bool watchdog_oldest(const char *module_name, watchdog_call *oldest) {
    uint64_t now_ns = os_monotonic_ns();
    bool found = false;
    for (uint32_t i = 0; i < watch_slots_used(); i++) {
        watch_slot *s = &watch_slots[i];
        watch_view v;
        os_mutex_lock(&watch.reporting);
        if (slot_read(s, &v) && strcmp(v.shown.module, module_name) == 0) {
            v.shown.started_ns = slot_since(s, &v, now_ns);
            s->seen_ns = v.shown.started_ns;
            s->seen = v.call;
            if (!found || v.shown.started_ns < oldest->started_ns) {
                *oldest = v.shown;
            }
            found = true;
        }
        os_mutex_unlock(&watch.reporting);
    }
    return found;
}

uint32_t watchdog_late(void) {
    return atomic_load(&watch.late);
}

uint64_t watchdog_total(void) {
    return atomic_load(&watch.total);
}

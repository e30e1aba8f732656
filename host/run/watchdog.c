/* watchdog.c: see watchdog.h.
 *
 * Each thread writes its own slot, and watchdog_look reads it. `call` is 0 while no call runs or
 * one is being described; else it has the call's number, CALL_RUNS and a count. So what is read
 * between two equal values of `call` belongs together, and two equal values mean the same call.
 * Beginning and ending a call take no locked instruction; only the reader measures how long it
 * takes.
 *
 * `reported`, and what was logged about that call, are written under `reporting`, which is held
 * until the log has the line. The first to find then that the call has ended logs that: its
 * thread at its next step, or the next look. So "has returned" is always logged, and always
 * after. Lock order: `reporting`, then the log's.
 *
 * The module's name is copied, because the module may be gone when the name is read.
 */
#include "run/watchdog.h"

#include "base/log.h"
#include "os/compiler.h"
#include "os/os.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { SLOTS = 512, NAME_WORDS = WATCHDOG_NAME_BYTES / 8 };
enum { CALL_RUNS = 1, CALL_FIRST = 2, NUMBER_SHIFT = 2, COUNT_SHIFT = 34 };

typedef struct watch_view {
    uint64_t call;
    uint64_t started_ns;
    uint64_t entity_id;
    const char *what;
    char name[WATCHDOG_NAME_BYTES];
} watch_view;

typedef struct watch_slot {
    _Alignas(128) _Atomic uint64_t call;
    uint64_t count;              /* of calls; only for its thread */
    _Atomic uint64_t started_ns; /* of a call with CALL_FIRST */
    _Atomic uint64_t entity_id;
    const char *_Atomic what;
    _Atomic uint64_t name[NAME_WORDS];
    _Atomic uint64_t reported; /* the call that was logged and whose end was not; 0: none */
    /* [reporting] */
    uint64_t seen; /* the call seen last, and when it began */
    uint64_t seen_ns;
    watch_view reported_view; /* what was logged about `reported` */
} watch_slot;

static watch_slot slots[SLOTS];
static atomic_uint used;
static _Atomic uint32_t limit;
static _Atomic uint32_t late;
static _Atomic uint64_t total;
static _Thread_local watch_slot *own;
static _Thread_local uint64_t clock_ns; /* the time, until the next call begins; 0: not known */
static os_mutex reporting;

void watchdog_start(uint32_t limit_ms) {
    atomic_store(&limit, limit_ms);
}

void watchdog_clock(uint64_t now_ns) {
    clock_ns = now_ns;
}

/* Threads in excess share the last slot: their calls may be logged wrongly, but run correctly. */
COLD static void take_slot(void) {
    uint32_t number = atomic_fetch_add(&used, 1);
    own = &slots[number < SLOTS ? number : SLOTS - 1];
}

static void report(const watch_view *v, uint64_t now_ns, bool returned) {
    log_warn(v->name, "%s %u of %llu %s %llu ms", v->what, (uint32_t)(v->call >> NUMBER_SHIFT),
             (unsigned long long)v->entity_id,
             returned ? "has returned after" : "has not returned for",
             (unsigned long long)(now_ns - v->started_ns) / 1000000);
}

/* Logs the return of the call that was logged, if it has returned. [reporting] */
static void report_return(watch_slot *s) {
    if (s->reported != 0 && s->reported != atomic_load(&s->call)) {
        s->reported = 0;
        atomic_fetch_sub(&late, 1);
        report(&s->reported_view, os_monotonic_ns(), true);
    }
}

COLD static void slot_returned(watch_slot *s) {
    os_mutex_lock(&reporting);
    report_return(s);
    os_mutex_unlock(&reporting);
}

/* The slot's thread now runs the call `call`; 0: none. */
static void slot_step(watch_slot *s, uint64_t call) {
    atomic_store_explicit(&s->call, call, memory_order_release);
    if (atomic_load_explicit(&s->reported, memory_order_relaxed) != 0) {
        slot_returned(s);
    }
}

static uint64_t slot_count(watch_slot *s, uint32_t number) {
    return ++s->count << COUNT_SHIFT | (uint64_t)number << NUMBER_SHIFT | CALL_RUNS;
}

void watchdog_begin(const char module_name[WATCHDOG_NAME_BYTES], const char *what, uint32_t number,
                    uint64_t entity_id) {
    if (own == NULL) {
        take_slot();
    }
    watch_slot *s = own;
    if (clock_ns == 0) {
        clock_ns = os_monotonic_ns();
    }
    for (size_t i = 0; i < NAME_WORDS;
         i++) { /* word by word, since another thread may be reading it */
        uint64_t word;
        memcpy(&word, module_name + i * sizeof word, sizeof word);
        atomic_store_explicit(&s->name[i], word, memory_order_relaxed);
    }
    atomic_store_explicit(&s->started_ns, clock_ns, memory_order_relaxed);
    atomic_store_explicit(&s->entity_id, entity_id, memory_order_relaxed);
    atomic_store_explicit(&s->what, what, memory_order_relaxed);
    slot_step(s, slot_count(s, number) | CALL_FIRST);
}

void watchdog_next(uint32_t number) {
    slot_step(own, slot_count(own, number));
}

void watchdog_end(void) {
    clock_ns = 0;
    slot_step(own, 0);
    atomic_thread_fence(memory_order_release); /* before the next call is described */
}

/* False: no call with a limit runs there, or another one has begun. */
static bool slot_read(watch_slot *s, watch_view *v) {
    uint64_t words[NAME_WORDS];
    v->call = atomic_load_explicit(&s->call, memory_order_acquire);
    v->started_ns = atomic_load_explicit(&s->started_ns, memory_order_relaxed);
    v->entity_id = atomic_load_explicit(&s->entity_id, memory_order_relaxed);
    v->what = atomic_load_explicit(&s->what, memory_order_relaxed);
    for (int i = 0; i < NAME_WORDS; i++) {
        words[i] = atomic_load_explicit(&s->name[i], memory_order_relaxed);
    }
    memcpy(v->name, words, sizeof v->name);
    v->name[sizeof v->name - 1] = '\0';
    atomic_thread_fence(memory_order_acquire);
    return (v->call & CALL_RUNS) != 0 && v->what != NULL &&
           atomic_load_explicit(&s->call, memory_order_relaxed) == v->call;
}

/* When the call began. The first of several in a row has recorded that; for a later one it is
 * when a reader first saw it. [reporting] */
static uint64_t slot_since(const watch_slot *s, const watch_view *v, uint64_t now_ns) {
    return v->call == s->seen ? s->seen_ns : (v->call & CALL_FIRST) != 0 ? v->started_ns : now_ns;
}

/* [reporting] */
static void look_at(watch_slot *s, uint32_t limit_ms, uint64_t now_ns) {
    watch_view v;
    report_return(s);
    if (!slot_read(s, &v) || s->reported == v.call) {
        return;
    }
    v.started_ns = slot_since(s, &v, now_ns);
    s->seen = v.call;
    s->seen_ns = v.started_ns;
    if (now_ns >= v.started_ns + limit_ms * 1000000ull) {
        s->reported_view = v;
        s->reported = v.call;
        atomic_fetch_add(&late, 1);
        atomic_fetch_add(&total, 1);
        report(&v, now_ns, false);
    }
}

void watchdog_look(void) {
    uint32_t limit_ms = atomic_load(&limit);
    uint32_t count = atomic_load(&used);
    uint64_t now_ns = os_monotonic_ns();
    for (uint32_t i = 0; limit_ms != 0 && i < count && i < SLOTS; i++) {
        os_mutex_lock(&reporting);
        look_at(&slots[i], limit_ms, now_ns);
        os_mutex_unlock(&reporting);
    }
}

void watchdog_describe(const char *module_name, char *text, size_t size) {
    uint32_t count = atomic_load(&used);
    uint64_t now_ns = os_monotonic_ns();
    uint64_t first_ns = UINT64_MAX;
    snprintf(text, size, "it has returned by now");
    for (uint32_t i = 0; i < count && i < SLOTS; i++) {
        watch_view v;
        os_mutex_lock(&reporting);
        bool runs = slot_read(&slots[i], &v);
        uint64_t since_ns = runs ? slot_since(&slots[i], &v, now_ns) : UINT64_MAX;
        os_mutex_unlock(&reporting);
        if (since_ns < first_ns &&
            (module_name == NULL || strncmp(v.name, module_name, sizeof v.name - 1) == 0)) {
            first_ns = since_ns;
            snprintf(text, size, "module %s, %s %u of entity %llu, for %llu ms now", v.name, v.what,
                     (uint32_t)(v.call >> NUMBER_SHIFT), (unsigned long long)v.entity_id,
                     (unsigned long long)(now_ns - since_ns) / 1000000);
        }
    }
}

uint32_t watchdog_late(void) {
    return atomic_load(&late);
}

uint64_t watchdog_total(void) {
    return atomic_load(&total);
}

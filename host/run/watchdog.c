/* watchdog.c: see watchdog.h.
 *
 * A slot is written by its thread and read by watchdog_look. `call` is 0 while a call is being described or none runs;
 * else it has the call's number, CALL_RUNS and a count: what was read between two equal values belongs together, and
 * two equal values are one call. Beginning and ending cost no locked instruction: that a call takes long is seen by
 * who looks.
 * `told` and what was said of that call are written under `telling`, which is held until the log has its line. Who finds
 * then that the call is over says so: its thread with its next step, or the next look, whoever comes first. So "has
 * returned" always comes, and always after. Lock order: `telling`, then the log's.
 * The module's name is copied, since the module may be gone when it is read.
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
    uint64_t count;              /* of calls; its thread only */
    _Atomic uint64_t started_ns; /* of the call with CALL_FIRST */
    _Atomic uint64_t entity_id;
    const char *_Atomic what;
    _Atomic uint64_t name[NAME_WORDS];
    _Atomic uint64_t told; /* the call that was told of and is not known to be over; 0: none */
    /* Under `telling` */
    uint64_t seen; /* the call that was seen last, and since when it runs */
    uint64_t seen_ns;
    watch_view telling_of; /* what was told */
} watch_slot;

static watch_slot slots[SLOTS];
static atomic_uint used;
static _Atomic uint32_t limit;
static _Atomic uint32_t late;
static _Atomic uint64_t total;
static _Thread_local watch_slot *own;
static _Thread_local uint64_t clock_ns; /* the time, as long as no call has passed; 0: not known */
static os_mutex telling;

void watchdog_start(uint32_t limit_ms) {
    atomic_store(&limit, limit_ms);
}

void watchdog_clock(uint64_t now_ns) {
    clock_ns = now_ns;
}

/* Threads beyond the last slot share it: their calls may be told wrong, never run wrong. */
COLD static void take_slot(void) {
    uint32_t number = atomic_fetch_add(&used, 1);
    own = &slots[number < SLOTS ? number : SLOTS - 1];
}

static void tell(const watch_view *v, uint64_t now_ns, bool returned) {
    log_warn(v->name, "%s %u of %llu %s %llu ms", v->what, (uint32_t)(v->call >> NUMBER_SHIFT),
             (unsigned long long)v->entity_id,
             returned ? "has returned after" : "has not returned for",
             (unsigned long long)(now_ns - v->started_ns) / 1000000);
}

/* Tells that the call which was told of is over. [telling] */
static void tell_returned(watch_slot *s) {
    if (s->told != 0 && s->told != atomic_load(&s->call)) {
        s->told = 0;
        atomic_fetch_sub(&late, 1);
        tell(&s->telling_of, os_monotonic_ns(), true);
    }
}

COLD static void slot_returned(watch_slot *s) {
    os_mutex_lock(&telling);
    tell_returned(s);
    os_mutex_unlock(&telling);
}

/* The slot's thread has gone on to the call `call`; 0: to none. */
static void slot_step(watch_slot *s, uint64_t call) {
    atomic_store_explicit(&s->call, call, memory_order_release);
    if (atomic_load_explicit(&s->told, memory_order_relaxed) != 0) {
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
    for (size_t i = 0; i < NAME_WORDS; i++) { /* word by word, since others may read it meanwhile */
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

/* False: no call runs there that is to be watched, or it is another one by now. */
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

/* Since when the call runs. The first one of several in a row has said so; of another one only who saw it before
 * knows. [telling] */
static uint64_t slot_since(const watch_slot *s, const watch_view *v, uint64_t now_ns) {
    return v->call == s->seen ? s->seen_ns : (v->call & CALL_FIRST) != 0 ? v->started_ns : now_ns;
}

/* [telling] */
static void look_at(watch_slot *s, uint32_t limit_ms, uint64_t now_ns) {
    watch_view v;
    tell_returned(s);
    if (!slot_read(s, &v) || s->told == v.call) {
        return;
    }
    v.started_ns = slot_since(s, &v, now_ns);
    s->seen = v.call;
    s->seen_ns = v.started_ns;
    if (now_ns >= v.started_ns + limit_ms * 1000000ull) {
        s->telling_of = v;
        s->told = v.call;
        atomic_fetch_add(&late, 1);
        atomic_fetch_add(&total, 1);
        tell(&v, now_ns, false);
    }
}

void watchdog_look(void) {
    uint32_t limit_ms = atomic_load(&limit);
    uint32_t count = atomic_load(&used);
    uint64_t now_ns = os_monotonic_ns();
    for (uint32_t i = 0; limit_ms != 0 && i < count && i < SLOTS; i++) {
        os_mutex_lock(&telling);
        look_at(&slots[i], limit_ms, now_ns);
        os_mutex_unlock(&telling);
    }
}

void watchdog_describe(const char *module_name, char *text, size_t size) {
    uint32_t count = atomic_load(&used);
    uint64_t now_ns = os_monotonic_ns();
    uint64_t first_ns = UINT64_MAX;
    snprintf(text, size, "it has returned meanwhile");
    for (uint32_t i = 0; i < count && i < SLOTS; i++) {
        watch_view v;
        os_mutex_lock(&telling);
        bool runs = slot_read(&slots[i], &v);
        uint64_t since_ns = runs ? slot_since(&slots[i], &v, now_ns) : UINT64_MAX;
        os_mutex_unlock(&telling);
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

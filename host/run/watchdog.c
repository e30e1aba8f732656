/* watchdog.c: the side of the watchdog that each call into a module passes: see watchdog_slots.h.
 */
#include "run/watchdog_slots.h"

#include "os/compiler.h"

#include <string.h>

enum { NAMES = 1024 };

watch_slot watch_slots[WATCH_SLOTS];
watchdog_hooks watch_hooks;
void (*watch_returned)(watch_slot *s);
static atomic_uint used;
static _Thread_local watch_slot *own;
static _Thread_local uint64_t clock_ns; /* the time, until the next call begins; 0: not known */

static struct {
    os_mutex lock;
    uint32_t count;
    char all[NAMES][WATCHDOG_NAME_BYTES];
} names;

const char *watchdog_name(const char *module_name) {
    const char *name = "another module"; /* more than NAMES names */
    os_mutex_lock(&names.lock);
    uint32_t i = 0;
    while (i < names.count && strcmp(names.all[i], module_name) != 0) {
        i++;
    }
    if (i == names.count && i < NAMES && strlen(module_name) < WATCHDOG_NAME_BYTES) {
        memcpy(names.all[i], module_name, strlen(module_name) + 1);
        names.count++;
    }
    name = i < names.count ? names.all[i] : name;
    os_mutex_unlock(&names.lock);
    return name;
}

void watchdog_clock(uint64_t now_ns) {
    clock_ns = now_ns;
}

uint32_t watch_slots_used(void) {
    uint32_t count = atomic_load(&used);
    return count < WATCH_SLOTS ? count : WATCH_SLOTS;
}

/* Threads in excess share the last slot: their calls may be logged wrongly, but run correctly, and
 * are not interrupted. */
COLD static void take_slot(void) {
    uint32_t number = atomic_fetch_add(&used, 1);
    bool shared = number >= WATCH_SLOTS - 1;
    own = &watch_slots[shared ? WATCH_SLOTS - 1 : number];
    atomic_fetch_or(&own->count, CALL_RUNS);
    atomic_store(&own->owner, watch_hooks.owner != NULL ? watch_hooks.owner() : NULL);
    atomic_store(&own->thread, shared ? NULL : os_guard_self());
}

COLD static void slot_returned(watch_slot *s) {
    watch_returned(s); /* set, since only watchdog_look.c reports */
}

/* The slot's thread now runs the call `call`; 0: none. */
static inline void slot_step(watch_slot *s, uint64_t call) {
    atomic_store_explicit(&s->call, call, memory_order_release);
    if (atomic_load_explicit(&s->reported, memory_order_relaxed) != 0) {
        slot_returned(s);
    }
}

/* The next call begins, whose count is `count`. */
static inline void slot_next(watch_slot *s, uint64_t count, uint32_t number, uint32_t flags) {
    uint64_t call = (uint64_t)number << NUMBER_SHIFT | (uint32_t)count | flags;
    atomic_store_explicit(&s->calls[(count >> COUNT_SHIFT) % WATCH_RING], call,
                          memory_order_relaxed);
    atomic_store_explicit(&s->count, count, memory_order_release);
    slot_step(s, call);
}

static uint64_t slot_count(watch_slot *s) {
    return atomic_load_explicit(&s->count, memory_order_relaxed) + COUNT_STEP;
}

static inline void slot_begin(watch_slot *s, uint64_t now_ns, const char *name, const char *what,
                              uint32_t number, uint64_t entity_id) {
    uint64_t count = slot_count(s);
    uint64_t runs = atomic_load_explicit(&s->runs, memory_order_relaxed) + 1;
    watch_run *r = &s->run[runs % WATCH_RING];
    atomic_store_explicit(&r->first, count >> COUNT_SHIFT, memory_order_relaxed);
    atomic_store_explicit(&r->started_ns, now_ns, memory_order_relaxed);
    atomic_store_explicit(&r->entity, entity_id, memory_order_relaxed);
    atomic_store_explicit(&r->what, what, memory_order_relaxed);
    atomic_store_explicit(&r->name, name, memory_order_relaxed);
    atomic_store_explicit(&s->runs, runs, memory_order_release);
    slot_next(s, count, number, CALL_FIRST);
}

/* The thread's first call, or one without a known time. */
COLD static void begin_unprepared(const char *name, const char *what, uint32_t number,
                                  uint64_t entity_id) {
    if (own == NULL) {
        take_slot();
    }
    slot_begin(own, clock_ns != 0 ? clock_ns : os_monotonic_ns(), name, what, number, entity_id);
}

void watchdog_begin(const char *name, const char *what, uint32_t number, uint64_t entity_id) {
    watch_slot *s = own;
    uint64_t now_ns = clock_ns;
    if (s == NULL || now_ns == 0) {
        begin_unprepared(name, what, number, entity_id);
    } else {
        slot_begin(s, now_ns, name, what, number, entity_id);
    }
}

bool watchdog_last(uint64_t since_ns, const char **name, const char **what) {
    watch_slot *s = own;
    if (s == NULL) {
        return false;
    }
    uint64_t runs = atomic_load_explicit(&s->runs, memory_order_relaxed);
    watch_run *r = &s->run[runs % WATCH_RING];
    if (atomic_load_explicit(&r->started_ns, memory_order_relaxed) < since_ns) {
        return false;
    }
    *name = atomic_load_explicit(&r->name, memory_order_relaxed);
    *what = atomic_load_explicit(&r->what, memory_order_relaxed);
    return true;
}

void watchdog_next(uint32_t number) {
    watch_slot *s = own;
    slot_next(s, slot_count(s), number, 0);
}

void watchdog_end(void) {
    clock_ns = 0;
    slot_step(own, 0);
    atomic_thread_fence(memory_order_release); /* before the next call is described */
}

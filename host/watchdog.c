/* watchdog.c: see watchdog.h.
 *
 * A slot is written by its thread and read by watchdog_look. `call` counts up in steps of CALL_STEP and has the bit
 * CALL_RUNS while a call is described: what was read between two equal values with it belongs together. The bit
 * CALL_TOLD is watchdog_look's, set by a compare-and-swap, so that the call's own end either sees it or comes first.
 * `telling` is held from there until the log has its line, and by an end that has seen the bit: so "has returned"
 * always comes after. Lock order: `telling`, then the log's.
 * The module's name is copied, since the module may be gone when it is read.
 */
#include "watchdog.h"

#include "log.h"
#include "os/os.h"

#include <stdatomic.h>
#include <string.h>

enum { SLOTS = 512, NAME_WORDS = 4 };
enum { CALL_RUNS = 1, CALL_TOLD = 2, CALL_STEP = 4 };

typedef struct watch_slot {
    _Alignas(128) _Atomic uint64_t call;
    _Atomic uint64_t started_ns;
    _Atomic uint64_t entity_id;
    const char *_Atomic what;
    _Atomic uint32_t number;
    _Atomic uint64_t name[NAME_WORDS];
} watch_slot;

static watch_slot slots[SLOTS];
static atomic_uint used;
static _Atomic uint32_t limit;
static _Atomic uint32_t late;
static _Atomic uint64_t total;
static _Thread_local watch_slot *own;
static os_mutex telling;

void watchdog_start(uint32_t limit_ms) {
    atomic_store(&limit, limit_ms);
}

static watch_slot *own_slot(void) {
    if (own == NULL) {
        /* Threads beyond the last slot share it: their calls may be told wrong, never run wrong. */
        uint32_t number = atomic_fetch_add(&used, 1);
        own = &slots[number < SLOTS ? number : SLOTS - 1];
    }
    return own;
}

void watchdog_begin(const char *module_name, const char *what, uint32_t number, uint64_t entity_id) {
    watch_slot *s = own_slot();
    uint64_t words[NAME_WORDS] = {0};
    memcpy(words, module_name, strnlen(module_name, sizeof words - 1));
    for (int i = 0; i < NAME_WORDS; i++) {
        atomic_store_explicit(&s->name[i], words[i], memory_order_relaxed);
    }
    atomic_store_explicit(&s->started_ns, os_monotonic_ns(), memory_order_relaxed);
    atomic_store_explicit(&s->entity_id, entity_id, memory_order_relaxed);
    atomic_store_explicit(&s->what, what, memory_order_relaxed);
    atomic_store_explicit(&s->number, number, memory_order_relaxed);
    atomic_fetch_or_explicit(&s->call, CALL_RUNS, memory_order_release);
}

typedef struct watch_view {
    uint64_t call;
    uint64_t started_ns;
    uint64_t entity_id;
    const char *what;
    uint32_t number;
    char name[NAME_WORDS * 8];
} watch_view;

static void slot_copy(watch_slot *s, watch_view *v) {
    uint64_t words[NAME_WORDS];
    v->started_ns = atomic_load_explicit(&s->started_ns, memory_order_relaxed);
    v->entity_id = atomic_load_explicit(&s->entity_id, memory_order_relaxed);
    v->what = atomic_load_explicit(&s->what, memory_order_relaxed);
    v->number = atomic_load_explicit(&s->number, memory_order_relaxed);
    for (int i = 0; i < NAME_WORDS; i++) {
        words[i] = atomic_load_explicit(&s->name[i], memory_order_relaxed);
    }
    memcpy(v->name, words, sizeof v->name);
}

/* False: no call runs there that is to be watched, or it is another one by now. */
static bool slot_read(watch_slot *s, watch_view *v) {
    v->call = atomic_load_explicit(&s->call, memory_order_acquire);
    slot_copy(s, v);
    atomic_thread_fence(memory_order_acquire);
    return (v->call & CALL_RUNS) != 0 && v->what != NULL &&
           atomic_load_explicit(&s->call, memory_order_relaxed) == v->call;
}

static void tell(const watch_view *v, uint64_t now_ns, bool returned) {
    log_warn(v->name, "%s %u of %llu %s %llu ms", v->what, v->number, (unsigned long long)v->entity_id,
             returned ? "has returned after" : "has not returned for",
             (unsigned long long)(now_ns - v->started_ns) / 1000000);
}

void watchdog_end(void) {
    watch_slot *s = own_slot();
    uint64_t next = (atomic_load_explicit(&s->call, memory_order_relaxed) | (CALL_STEP - 1)) + 1;
    if ((atomic_exchange(&s->call, next) & CALL_TOLD) != 0) {
        watch_view v;
        slot_copy(s, &v); /* this thread alone writes it, with its next call */
        atomic_fetch_sub(&late, 1);
        os_mutex_lock(&telling);
        tell(&v, os_monotonic_ns(), true);
        os_mutex_unlock(&telling);
    }
}

/* Tells of the call unless it has returned meanwhile. */
static void look_at(watch_slot *s, watch_view *v, uint64_t now_ns) {
    os_mutex_lock(&telling);
    atomic_fetch_add(&late, 1); /* before the call can see that it was told, which takes it off */
    if (atomic_compare_exchange_strong(&s->call, &v->call, v->call | CALL_TOLD)) {
        atomic_fetch_add(&total, 1);
        tell(v, now_ns, false);
    } else {
        atomic_fetch_sub(&late, 1);
    }
    os_mutex_unlock(&telling);
}

void watchdog_look(void) {
    uint32_t limit_ms = atomic_load(&limit);
    uint32_t count = atomic_load(&used);
    uint64_t now_ns = os_monotonic_ns();
    for (uint32_t i = 0; limit_ms != 0 && i < count && i < SLOTS; i++) {
        watch_view v;
        watch_slot *s = &slots[i];
        if (slot_read(s, &v) && (v.call & CALL_TOLD) == 0 && now_ns >= v.started_ns + limit_ms * 1000000ull) {
            look_at(s, &v, now_ns);
        }
    }
}

void watchdog_describe(const char *module_name, char *text, size_t size) {
    uint32_t count = atomic_load(&used);
    uint64_t now_ns = os_monotonic_ns();
    uint64_t first_ns = UINT64_MAX;
    snprintf(text, size, "it has returned meanwhile");
    for (uint32_t i = 0; i < count && i < SLOTS; i++) {
        watch_view v;
        if (slot_read(&slots[i], &v) && v.started_ns < first_ns &&
            (module_name == NULL || strncmp(v.name, module_name, sizeof v.name - 1) == 0)) {
            first_ns = v.started_ns;
            snprintf(text, size, "module %s, %s %u of entity %llu, for %llu ms now", v.name, v.what, v.number,
                     (unsigned long long)v.entity_id, (unsigned long long)(now_ns - v.started_ns) / 1000000);
        }
    }
}

uint32_t watchdog_late(void) {
    return atomic_load(&late);
}

uint64_t watchdog_total(void) {
    return atomic_load(&total);
}

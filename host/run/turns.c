/* turns.c: see turns.h. Series are only ever added, so readers need no lock. */
#include "run/turns.h"

#include "base/stats.h"
#include "os/os.h"
#include "run/watchdog.h"

enum { SERIES_MAX = 128 }; /* what does not fit is not counted */

typedef struct series {
    const char *module_name;
    const char *kind; /* NULL: waits of messages */
} series;

atomic_bool turns_measured;

static struct {
    os_mutex lock; /* a leaf: for adding */
    series all[SERIES_MAX];
    atomic_uint count;
    _Atomic uint64_t until_ms;
} turns;

static durations cells[STATS_BLOCKS][SERIES_MAX]; /* pages that nobody counts in take no memory */

void turns_measure(uint64_t now_ms, uint32_t duration_ms) {
    atomic_store(&turns.until_ms, now_ms + duration_ms);
    atomic_store(&turns_measured, true);
}

void turns_look(uint64_t now_ms) {
    if (turns_on() && now_ms >= atomic_load(&turns.until_ms)) {
        atomic_store(&turns_measured, false);
    }
}

/* SERIES_MAX: there is none of these `count`. Names and kinds are compared by address. */
static uint32_t series_find(uint32_t count, const char *module_name, const char *kind) {
    for (uint32_t i = 0; i < count; i++) {
        if (turns.all[i].module_name == module_name && turns.all[i].kind == kind) {
            return i;
        }
    }
    return SERIES_MAX;
}

static uint32_t series_add(const char *module_name, const char *kind) {
    os_mutex_lock(&turns.lock);
    uint32_t count = atomic_load(&turns.count);
    uint32_t found = series_find(count, module_name, kind);
    if (found == SERIES_MAX && count < SERIES_MAX) {
        found = count;
        turns.all[found] = (series){module_name, kind};
        atomic_store_explicit(&turns.count, count + 1, memory_order_release);
    }
    os_mutex_unlock(&turns.lock);
    return found;
}

/* The cell in which a worker has counted last: most turns are of one kind. */
static _Thread_local struct {
    const char *module_name;
    const char *kind;
    durations *cell; /* NULL: none */
} last;

/* Counts in the calling thread's cell of that name, or in one that threads share. */
static void count_in(const char *module_name, const char *kind, uint64_t ns) {
    uint32_t known = atomic_load_explicit(&turns.count, memory_order_acquire);
    uint32_t found = series_find(known, module_name, kind);
    if (found == SERIES_MAX) {
        found = series_add(module_name, kind);
    }
    uint32_t block = stats_own_block();
    if (found < SERIES_MAX && block != 0) {
        last.module_name = module_name;
        last.kind = kind;
        last.cell = &cells[block][found];
        durations_add_own(last.cell, ns);
    } else if (found < SERIES_MAX) {
        durations_add(&cells[0][found], ns);
    }
}

static inline void count(const char *module_name, const char *kind, uint64_t ns) {
    if (last.cell != NULL && last.module_name == module_name && last.kind == kind) {
        durations_add_own(last.cell, ns);
    } else {
        count_in(module_name, kind, ns);
    }
}

void turns_count_one(uint64_t began_ns, uint64_t ended_ns) {
    const char *module_name = NULL;
    const char *kind = NULL;
    if (watchdog_last(began_ns, &module_name, &kind) && kind != NULL) {
        count(module_name, kind, ended_ns - began_ns);
    }
}

void turns_count_wait(const char *module_name, uint64_t since_ns) {
    uint64_t now_ns = os_monotonic_ns();
    count(module_name, NULL, now_ns > since_ns ? now_ns - since_ns : 0);
}

void turns_each(bool waits,
                void (*each)(void *arg, const char *module_name, const char *kind,
                             const durations_view *view),
                void *arg) {
    uint32_t known = atomic_load_explicit(&turns.count, memory_order_acquire);
    for (uint32_t i = 0; i < known; i++) {
        durations_view view = {0};
        if ((turns.all[i].kind == NULL) != waits) {
            continue;
        }
        for (uint32_t block = 0; block < STATS_BLOCKS; block++) {
            durations_look(&cells[block][i], &view);
        }
        each(arg, turns.all[i].module_name, turns.all[i].kind, &view);
    }
}

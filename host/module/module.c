/* module.c: see module.h. */
#include "module/module.h"

#include "base/log.h"
#include "base/text.h"
#include "module/module_figures.h"
#include "module/running.h"
#include "run/stop_clock.h"
#include "run/watchdog.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MAILBOX_HOLDS = 1,
    LOOK_MS = 100 /* until it is noticed that the host stops */
};

static struct {
    os_mutex lock; /* guards `all` and `released` */
    os_cond released;
    module *all;
} modules;

/* ---- life ----------------------------------------------------------------------------------- */

static void module_free(module *m) {
    free(m->file);
    free(m);
}

module *module_create(generation *first) {
    module *m = calloc(1, sizeof *m);
    if (m == NULL || (m->file = text_copy(first->file, strlen(first->file))) == NULL) {
        free(m);
        return NULL;
    }
    memcpy(m->name, first->name, sizeof m->name);
    m->watch_name = watchdog_name(m->name);
    m->quota = quota_of(m->name);
    if (m->quota == NULL) {
        module_free(m);
        return NULL;
    }
    generation_hold(first);
    first->number = ++m->generations;
    atomic_store(&first->probation_ms, os_monotonic_ms());
    atomic_init(&m->current, first);
    return m;
}

/* Releases the last hold, unless a lost call has another one. */
static void drop_generation(generation *g) {
    if (g != NULL && generation_is_alone(g)) {
        generation_free(g);
    } else if (g != NULL) {
        generation_release(g);
    }
}

void module_destroy(module *m) {
    (void)module_unsettled(m, NULL); /* no state is left: releases the older ones */
    drop_generation(module_generation(m));
    drop_generation(m->previous);
    m->destroyed = true;
    if (m->lost == 0) {
        module_free(m);
    }
}

void module_lose(module *m) {
    m->lost++;
}

void module_find_lost(module *m) {
    m->lost--;
    if (m->lost == 0 && m->destroyed) {
        module_free(m);
    }
}

generation *module_generation(const module *m) {
    return atomic_load_explicit(&m->current, memory_order_acquire);
}

/* ---- calls ---------------------------------------------------------------------------------- */

module *module_current(void) {
    return running_now.module;
}

generation *module_running(void) {
    return running_now.generation;
}

quota *module_current_quota(void) {
    return running_now.module != NULL ? running_now.module->quota : NULL;
}

static void call_begin(module *m, generation *g, const char *what, uint32_t number,
                       uint64_t entity_id) {
    running *r = &running_now;
    r->module = m;
    r->generation = g;
    watchdog_begin(m->watch_name, what, number, entity_id);
}

void module_begin(module *m, generation *g, const char *what, uint32_t number) {
    call_begin(m, g, what, number, 0);
}

void module_begin_staged(module *m, generation *g, const char *what) {
    running_now.staging = true;
    module_begin(m, g, what, 0);
}

void module_asks(module *m, generation *g, bool staging) {
    running *r = &running_now;
    r->module = m;
    r->generation = g;
    r->staging = staging;
    r->asks = m != NULL;
}

static void call_end(void) {
    running *r = &running_now;
    watchdog_end();
    r->module = NULL;
    r->generation = NULL;
}

void module_end(void) {
    running_now.staging = false;
    call_end();
}

passage module_enter(module *m, const char *what, uint32_t number, uint64_t entity_id) {
    passage p = gate_enter(&m->gate);
    if (p == GATE_PASSED) {
        call_begin(m, module_generation(m), what, number, entity_id);
    }
    return p;
}

bool module_stay(module *m, uint32_t number) {
    bool stays = gate_is_open(&m->gate);
    if (stays) {
        watchdog_next(number);
    }
    return stays;
}

void module_leave(module *m) {
    call_end();
    gate_leave(&m->gate);
}

void module_complain(const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const module *m = running_now.module;
    log_warn(m != NULL ? m->name : "module", "%s", text);
}

bool module_is_staging(void) {
    return running_now.staging;
}

bool module_requires(const module *m, const char *name) {
    for (char **r = module_generation(m)->required; *r != NULL; r++) {
        if (strcmp(*r, name) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- holds ---------------------------------------------------------------------------------- */

void module_hold(module *m) {
    atomic_fetch_add_explicit(&m->holds, 1, memory_order_relaxed);
}

void module_release(module *m) {
    /* Under the lock: otherwise the last release could come after a waiter has looked and before it
     * sleeps, and wake nobody. */
    os_mutex_lock(&modules.lock);
    if (atomic_fetch_sub_explicit(&m->holds, 1, memory_order_acq_rel) <= MAILBOX_HOLDS + 1) {
        os_cond_wake_all(&modules.released);
    }
    os_mutex_unlock(&modules.lock);
}

static bool wait_holds(module *m, uint32_t most, uint32_t timeout_ms) {
    uint64_t begun_ms = os_monotonic_ms();
    uint64_t until_ms = begun_ms + timeout_ms;
    os_mutex_lock(&modules.lock);
    while (atomic_load(&m->holds) > most) {
        uint64_t now_ms = os_monotonic_ms();
        uint64_t end_ms =
            timeout_ms != UINT32_MAX ? stop_clock_limit_ms(begun_ms, until_ms) : STOP_CLOCK_NEVER;
        if (now_ms >= end_ms) {
            break;
        }
        uint64_t rest_ms = end_ms - now_ms < LOOK_MS ? end_ms - now_ms : LOOK_MS;
        os_cond_wait(&modules.released, &modules.lock, (uint32_t)rest_ms);
    }
    bool released = atomic_load(&m->holds) <= most;
    os_mutex_unlock(&modules.lock);
    return released;
}

bool module_wait_released(module *m, uint32_t timeout_ms) {
    return wait_holds(m, 0, timeout_ms);
}

bool module_wait_mailbox_only(module *m, uint32_t timeout_ms) {
    return wait_holds(m, MAILBOX_HOLDS, timeout_ms);
}

/* ---- the table ------------------------------------------------------------------------------ */

static void write_figures_locked(const module *m, bool loaded) {
    const generation *g = module_generation(m);
    module_figures f = {.loaded = loaded, .pause_ns = m->pause_ns};
    memcpy(f.name, m->name, sizeof f.name);
    memcpy(f.swaps, m->swap_results, sizeof f.swaps);
    if (g != NULL) {
        f.generation = g->number;
        snprintf(f.version, sizeof f.version, "%s", g->version);
    }
    module_figures_write(&f);
}

module *module_find(const char *name) {
    module *m = NULL;
    os_mutex_lock(&modules.lock);
    HASH_FIND_STR(modules.all, name, m);
    os_mutex_unlock(&modules.lock);
    return m;
}

portico_status module_table_add(module *m) {
    os_mutex_lock(&modules.lock);
    HASH_ADD_STR(modules.all, name, m);
    bool added = m->hh.tbl != NULL;
    if (added) {
        write_figures_locked(m, true);
    }
    os_mutex_unlock(&modules.lock);
    return added ? PORTICO_OK : PORTICO_E_NO_MEMORY;
}

void module_table_remove(module *m) {
    os_mutex_lock(&modules.lock);
    HASH_DEL(modules.all, m);
    write_figures_locked(m, false);
    os_mutex_unlock(&modules.lock);
}

void module_table_each(void (*each)(void *arg, module *m), void *arg) {
    os_mutex_lock(&modules.lock);
    for (module *m = modules.all; m != NULL; m = m->hh.next) {
        each(arg, m);
    }
    os_mutex_unlock(&modules.lock);
}

const module *module_find_frozen(const module *but) {
    os_mutex_lock(&modules.lock);
    const module *m = modules.all;
    while (m != NULL && (m == but || !gate_is_frozen(&m->gate))) {
        m = m->hh.next;
    }
    os_mutex_unlock(&modules.lock);
    return m;
}

/* ---- swaps ---------------------------------------------------------------------------------- */

void module_serve(module *m, generation *g) {
    generation *before = module_generation(m);
    uint64_t now_ms = os_monotonic_ms();
    before->served_ms = now_ms - atomic_load(&before->probation_ms);
    atomic_store(&g->probation_ms, now_ms - g->served_ms);
    os_mutex_lock(&modules.lock);
    g->number = g->number != 0 ? g->number : ++m->generations;
    atomic_store_explicit(&m->current, g, memory_order_release);
    write_figures_locked(m, true);
    os_mutex_unlock(&modules.lock);
}

void module_retire(module *m, generation *former) {
    generation *now = module_generation(m);
    os_mutex_lock(&modules.lock);
    now->since_ms = os_wall_ms();
    m->swaps++;
    generation *gone = m->previous;
    m->previous = former;
    os_mutex_unlock(&modules.lock);
    if (gone != NULL && gone != now) { /* after a roll-back, its hold is the current one's */
        gone->older_next = m->older;
        m->older = gone;
    }
    (void)module_unsettled(m, NULL);
}

void module_note(module *m, const char *outcome, uint64_t pause_ns) {
    os_mutex_lock(&modules.lock);
    m->pause_ns = pause_ns != 0 ? pause_ns : m->pause_ns;
    snprintf(m->outcome, sizeof m->outcome, "%s", outcome);
    write_figures_locked(m, true);
    os_mutex_unlock(&modules.lock);
}

void module_count_swap(module *m, module_swap result) {
    os_mutex_lock(&modules.lock);
    m->swap_results[result]++;
    write_figures_locked(m, true);
    os_mutex_unlock(&modules.lock);
}

bool module_may_return(const module *m) {
    os_mutex_lock(&modules.lock);
    const generation *g = m->previous;
    bool may = g != NULL && !atomic_load(&g->faulted);
    os_mutex_unlock(&modules.lock);
    return may;
}

bool module_each_unsettled(module *m, const generation *but,
                           bool (*each)(void *arg, const generation *g), void *arg) {
    const generation *first = m->previous;
    if (first != NULL && first != but && atomic_load(&first->states) > 0 && each(arg, first)) {
        return true;
    }
    for (const generation *g = m->older; g != NULL; g = g->older_next) {
        if (g != but && atomic_load(&g->states) > 0 && each(arg, g)) {
            return true;
        }
    }
    return false;
}

/* Releases the older generations of which there is no state. */
static void drop_older(module *m) {
    generation **at = &m->older;
    while (*at != NULL) {
        generation *g = *at;
        if (atomic_load(&g->states) == 0) {
            *at = g->older_next;
            generation_release(g);
        } else {
            at = &g->older_next;
        }
    }
}

typedef struct unsettled {
    uint32_t count;
    const generation *of;
} unsettled;

static bool count_unsettled(void *arg, const generation *g) {
    unsettled *u = arg;
    u->count += atomic_load(&g->states);
    u->of = g;
    return false;
}

uint32_t module_unsettled(module *m, const generation **of) {
    unsettled u = {0};
    drop_older(m);
    (void)module_each_unsettled(m, NULL, count_unsettled, &u);
    if (of != NULL) {
        *of = u.of;
    }
    return u.count;
}

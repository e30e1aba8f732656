/* module.c: see module.h. */
#include "module/module.h"

#include "base/log.h"
#include "base/text.h"
#include "module/call.h"
#include "module/running.h"
#include "run/watchdog.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    os_mutex lock; /* guards `all` and `released` */
    os_cond released;
    module *all;
} modules;

/* ---- life ----------------------------------------------------------------------------------- */

module *module_create(generation *first) {
    module *m = calloc(1, sizeof *m);
    if (m == NULL ||
        (first->file != NULL && (m->file = text_copy(first->file, strlen(first->file))) == NULL)) {
        free(m);
        return NULL;
    }
    memcpy(m->name, first->name, sizeof m->name);
    generation_hold(first);
    first->number = ++m->generations;
    atomic_init(&m->current, first);
    return m;
}

void module_destroy(module *m) {
    generation_free(module_generation(m));
    if (m->previous != NULL) {
        generation_free(m->previous);
    }
    free(m->file);
    free(m);
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

static void call_begin(module *m, generation *g, const char *what, uint32_t number,
                       uint64_t entity_id) {
    running *r = &running_now;
    r->module = m;
    r->generation = g;
    watchdog_begin(m->name, what, number, entity_id);
}

void module_begin(module *m, generation *g, const char *what, uint32_t number) {
    call_begin(m, g, what, number, 0);
}

void module_begin_staged(module *m, generation *g, const char *what) {
    running_now.staging = true;
    module_begin(m, g, what, 0);
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

/* Makes a call of `g` outside the gate. False: it faulted. */
static bool call_alone(module *m, generation *g, call *c) {
    c->state = g->state;
    c->state_size = g->shape.size;
    c->entity = m->self;
    module_begin(m, g, call_what(c->kind), 0);
    bool returned = call_make(c);
    module_end();
    return returned;
}

portico_status module_call_start(module *m, generation *g, uint32_t why) {
    call c = {.kind = CALL_START, .number = why, .fn.start = g->info.start};
    if (g->info.start != NULL) {
        (void)call_alone(m, g, &c);
    }
    m->started = c.status == PORTICO_OK;
    if (m->started) {
        atomic_store(&g->given_up, false);
    }
    return c.status;
}

void module_call_stop(module *m, generation *g, uint32_t why) {
    if (m->started && g->info.stop != NULL) {
        call c = {.kind = CALL_STOP, .number = why, .fn.stop = g->info.stop};
        g->stays |= !call_alone(m, g, &c);
    }
    m->started = false;
}

portico_status module_call_dependency_swaps(module *m, const module *other, const char *version) {
    generation *g = module_generation(m);
    call c = {.kind = CALL_DEPENDENCY_SWAPS,
              .fn.dependency_swaps = g->info.dependency_swaps,
              .data = other->name,
              .shown = version};
    if (g->info.dependency_swaps != NULL) {
        (void)call_alone(m, g, &c);
    }
    return c.status;
}

void module_call_stopping(module *m) {
    generation *g = module_generation(m);
    if (g->info.stopping != NULL) {
        call c = {.kind = CALL_STOPPING, .fn.stopping = g->info.stopping};
        (void)call_alone(m, g, &c);
    }
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
    if (atomic_fetch_sub_explicit(&m->holds, 1, memory_order_acq_rel) == 1) {
        os_cond_wake_all(&modules.released);
    }
    os_mutex_unlock(&modules.lock);
}

bool module_wait_released(module *m, uint32_t timeout_ms) {
    uint64_t end_ms = os_monotonic_ms() + timeout_ms;
    os_mutex_lock(&modules.lock);
    while (atomic_load(&m->holds) != 0) {
        uint64_t now_ms = os_monotonic_ms();
        if (now_ms >= end_ms) {
            break;
        }
        os_cond_wait(&modules.released, &modules.lock, (uint32_t)(end_ms - now_ms));
    }
    bool released = atomic_load(&m->holds) == 0;
    os_mutex_unlock(&modules.lock);
    return released;
}

/* ---- the table ------------------------------------------------------------------------------ */

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
    os_mutex_unlock(&modules.lock);
    return added ? PORTICO_OK : PORTICO_E_NO_MEMORY;
}

void module_table_remove(module *m) {
    os_mutex_lock(&modules.lock);
    HASH_DEL(modules.all, m);
    os_mutex_unlock(&modules.lock);
}

void module_table_each(void (*each)(void *arg, module *m), void *arg) {
    os_mutex_lock(&modules.lock);
    for (module *m = modules.all; m != NULL; m = m->hh.next) {
        each(arg, m);
    }
    os_mutex_unlock(&modules.lock);
}

/* ---- swaps ---------------------------------------------------------------------------------- */

void module_serve(module *m, generation *g) {
    os_mutex_lock(&modules.lock);
    g->number = g->number != 0 ? g->number : ++m->generations;
    atomic_store_explicit(&m->current, g, memory_order_release);
    os_mutex_unlock(&modules.lock);
}

void module_retire(module *m, generation *former, uint64_t pause_ns) {
    generation *now = module_generation(m);
    os_mutex_lock(&modules.lock);
    now->since_ms = os_wall_ms();
    m->swaps++;
    m->pause_ns = pause_ns;
    generation *gone = m->previous;
    m->previous = former;
    os_mutex_unlock(&modules.lock);
    if (gone != NULL && gone != now) { /* after a roll-back, its hold is the current one's */
        generation_release(gone);
    }
}

void module_note(module *m, const char *outcome) {
    os_mutex_lock(&modules.lock);
    snprintf(m->outcome, sizeof m->outcome, "%s", outcome);
    os_mutex_unlock(&modules.lock);
}

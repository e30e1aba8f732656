/* life.c: see life.h. */
#include "module/life.h"

#include "module/call.h"
#include "module/caller.h"
#include "module/fault_policy.h"

/* Makes a call of `g` outside the gate. Its state is restored after a fault only if no handler runs
 * at the same time (`alone`). False: it faulted. */
static bool make(module *m, generation *g, bool alone, call *c) {
    c->state = g->state;
    c->state_size = alone ? g->shape.size : 0;
    c->entity = m->self;
    c->status = PORTICO_E_FAULT;
    return !g->lost && caller_make(m, g, false, c);
}

portico_status module_call_start(module *m, generation *g, uint32_t why) {
    static uint32_t begun;
    call c = {.kind = CALL_START, .number = why, .fn.start = g->info.start};
    if (!g->lost) {
        m->begun = ++begun; /* otherwise that of the start that was lost */
    }
    if (g->lost) {
        c.status = PORTICO_E_FAULT;
    } else if (g->info.start != NULL) {
        (void)make(m, g, true, &c);
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
        g->stays |= !make(m, g, true, &c) && !g->lost;
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
        (void)make(m, g, false, &c);
    }
    if (g->lost) {
        (void)fault_give_up(m, g);
    }
    return c.status;
}

void module_call_stopping(module *m) {
    generation *g = module_generation(m);
    if (g->info.stopping != NULL) {
        call c = {.kind = CALL_STOPPING, .fn.stopping = g->info.stopping};
        (void)make(m, g, false, &c);
    }
}

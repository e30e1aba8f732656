/* generation.c: see generation.h. */
#include "module/generation.h"

#include "base/invariant.h"
#include "base/log.h"
#include "module/fault_report.h"

#include <stdlib.h>

static void generation_on_free(control_command *command) {
    generation_free((generation *)command);
}

void generation_hold(generation *g) {
    atomic_fetch_add_explicit(&g->holds, 1, memory_order_relaxed);
}

void generation_release(generation *g) {
    uint32_t before = atomic_fetch_sub_explicit(&g->holds, 1, memory_order_acq_rel);
    INVARIANT(before != 0);
    if (before == 1) {
        g->free_command.run = generation_on_free;
        control_post(&g->free_command); /* may take long, and libraries are closed on one thread */
    }
}

bool generation_is_alone(const generation *g) {
    return atomic_load_explicit(&g->holds, memory_order_acquire) == 1;
}

void generation_hold_state(generation *g) {
    generation_hold(g);
    atomic_fetch_add(&g->states, 1);
}

void generation_release_state(generation *g) {
    atomic_fetch_sub(&g->states, 1);
    generation_release(g);
}

static generation *staying; /* until the process ends */

void generations_fini(void) {
    for (generation *g = staying; g != NULL; g = g->older_next) {
        image_copy_remove(&g->copy);
    }
}

/* False: it stays in memory. */
static bool close_library(os_library *library) {
    fault_libraries_hold();
    bool closed = os_library_close(library);
    fault_libraries_release();
    return closed;
}

void generation_free(generation *g) {
    if (g->stays) {
        g->older_next = staying;
        staying = g;
        log_warn("modules",
                 "%s %s, generation %u, stays in memory: a call of it has faulted or has not "
                 "returned",
                 g->name, g->version, g->number);
        return;
    }
    if (g->library != NULL) {
        fault_reports_wait(); /* they name functions of the library */
    }
    registry_free(g->registry);
    shape_fini(&g->shape);
    if (g->library != NULL && !close_library(g->library)) {
        log_warn(
            "modules",
            "%s %s, generation %u, stays in memory after it was closed: it has thread-local "
            "destructors or unique symbols (-fno-gnu-unique), or is in use elsewhere. The next "
            "build can be loaded all the same",
            g->name, g->version, g->number);
    }
    image_copy_remove(&g->copy);
    for (char **r = g->required; r != NULL && *r != NULL; r++) {
        free(*r);
    }
    free(g->required);
    free(g->state);
    free(g->file);
    free(g);
}

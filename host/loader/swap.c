/* swap.c: see swap.h.
 *
 * The pause is what happens between closing and opening the gate: swap_out, the module's own state, one pointer for each
 * type, swap_in. Nothing in it grows with the number of sessions or rooms.
 */
#include "loader/swap.h"

#include "api/host_api.h"
#include "base/status.h"
#include "loader/private.h"
#include "loader/publish.h"
#include "loader/swap_plan.h"
#include "module/state_take_over.h"
#include "net/ready.h"
#include "net/services.h"
#include "room/room.h"
#include "run/watchdog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* To get the module to itself a swap only glances at first, again and again, so that callers who are held up do not notice
 * and it needs no luck with busy processors. Where handlers take too long for that, it waits, each time twice as long. */
enum { GATE_GLANCES = 32, GATE_MOST_MS = 64, BETWEEN_GLANCES_MS = 1, SETTLE_STEP_MS = 1 };

typedef struct swap {
    swap_plan plan;
    uint64_t begun_ns;
    uint64_t settled_ns; /* when all states were of the generation that serves */
    uint64_t staged_ns;  /* when the plan was made */
    uint64_t closed_ns;  /* when the gate was closed, at the try that succeeded ... */
    uint64_t inside_ns;  /* ... when nobody was inside any more */
    uint64_t opened_ns;
    uint64_t longest_ns; /* that the gate was closed, at any try */
    uint32_t tries;
    void *
        unused_state; /* the new image's own block as it was before the exchange; NULL where it has none */
} swap;

static double milliseconds(uint64_t from_ns, uint64_t to_ns) {
    return (double)(to_ns - from_ns) / 1e6;
}

/* ---- stage ---------------------------------------------------------------------------------- */

/* Waits until no state is of a former generation, so that every state goes through every generation. */
static portico_status swap_settle(swap *w, const module *m, char why[IMAGE_WHY_MAX]) {
    uint64_t until_ms = os_monotonic_ms() + loader_config()->modules_swap_timeout_ms;
    uint32_t left = m->previous != NULL ? atomic_load(&m->previous->states) : 0;
    while (left > 0 && os_monotonic_ms() < until_ms) {
        os_sleep(SETTLE_STEP_MS);
        left = atomic_load(&m->previous->states);
    }
    if (left > 0) {
        char call[160];
        watchdog_describe(NULL, call, sizeof call);
        snprintf(
            why, IMAGE_WHY_MAX,
            "%u state%s of sessions or rooms %s still of generation %u, whose turns have not come to an end within "
            "[modules] swap_timeout_ms = %u; the call that takes longest: %s",
            left, left == 1 ? "" : "s", left == 1 ? "is" : "are", m->previous->number,
            loader_config()->modules_swap_timeout_ms, call);
        return PORTICO_E_TIMEOUT;
    }
    w->settled_ns = os_monotonic_ns();
    return PORTICO_OK;
}

/* ---- exchange ------------------------------------------------------------------------------- */

static void swap_note_pause(swap *w) {
    uint64_t pause_ns = os_monotonic_ns() - w->closed_ns;
    w->longest_ns = pause_ns > w->longest_ns ? pause_ns : w->longest_ns;
}

static portico_status swap_close_gate(swap *w, char why[IMAGE_WHY_MAX]) {
    module *m = w->plan.module;
    uint64_t until_ns = os_monotonic_ns() + loader_config()->modules_swap_timeout_ms * 1000000ull;
    uint32_t patience_ms = 0;
    do {
        w->tries++;
        w->closed_ns = os_monotonic_ns();
        if (gate_close(&m->gate, patience_ms)) {
            w->inside_ns = os_monotonic_ns();
            return PORTICO_OK;
        }
        swap_note_pause(w);
        /* Let those go on who were held up. */
        os_sleep(patience_ms > 0 ? patience_ms : BETWEEN_GLANCES_MS);
        if (w->tries >= GATE_GLANCES) {
            patience_ms = patience_ms == 0             ? 1
                          : patience_ms < GATE_MOST_MS ? 2 * patience_ms
                                                       : GATE_MOST_MS;
        }
    } while (os_monotonic_ns() < until_ns);
    char call[160];
    watchdog_describe(m->name, call, sizeof call);
    snprintf(why, IMAGE_WHY_MAX,
             "a handler does not return within [modules] swap_timeout_ms = %u: %s",
             loader_config()->modules_swap_timeout_ms, call);
    return PORTICO_E_TIMEOUT;
}

/* Keeps what the new image's block holds: what is copied into it may be addresses that go on belonging to the old one, and
 * the `unload` of an image that is refused must not meet them. */
static portico_status keep_unused_state(swap *w) {
    const generation *to = w->plan.to;
    if (to->shape.size > 0) {
        w->unused_state = malloc(to->shape.size);
        if (w->unused_state == NULL) {
            return PORTICO_E_NO_MEMORY;
        }
        memcpy(w->unused_state, to->state, to->shape.size);
    }
    return PORTICO_OK;
}

/* The module's own state goes into the block that the new image knows. */
static portico_status take_module_state(const swap *w, char why[IMAGE_WHY_MAX]) {
    const generation *from = w->plan.from;
    const generation *to = w->plan.to;
    const state_owner owner = {.name = "the module", .entity = w->plan.module->self};
    module_begin(w->plan.module, w->plan.to, "migrate", 0);
    portico_status status = state_copy_over(&owner, from, &from->shape, from->state, &to->shape,
                                            to->info.migrate, to->state);
    module_end();
    if (status != PORTICO_OK) {
        snprintf(why, IMAGE_WHY_MAX,
                 "the state of the module cannot be taken over: its migrate failed: %s",
                 status_text(status));
    }
    return status;
}

/* Lets `g` be the one that serves. Gate closed. */
static void swap_publish(swap *w, generation *g) {
    plan_exchange(&w->plan, g == w->plan.from);
    module_serve(w->plan.module, g);
}

/* The gate is closed. On failure all is as it was. */
static portico_status swap_exchange(swap *w, char why[IMAGE_WHY_MAX]) {
    module *m = w->plan.module;
    portico_status status = plan_check_empty(&w->plan, why);
    if (status != PORTICO_OK) {
        return status;
    }
    module_call_swap_out(m, w->plan.from);
    status = take_module_state(w, why);
    if (status == PORTICO_OK) {
        swap_publish(w, w->plan.to);
        status = module_call_swap_in(m, w->plan.to);
        if (status != PORTICO_OK) {
            snprintf(why, IMAGE_WHY_MAX, "its swap_in failed: %s", status_text(status));
            swap_publish(w, w->plan.from);
        }
    }
    if (status == PORTICO_OK) {
        return status;
    }
    if (w->unused_state != NULL) {
        memcpy(w->plan.to->state, w->unused_state, w->plan.to->shape.size);
    }
    if (module_call_swap_in(m, w->plan.from) != PORTICO_OK) {
        log_error("modules", "%s: swap_in of generation %u, which goes on serving, failed, too",
                  m->name, w->plan.from->number);
    }
    return status;
}

/* ---- follow --------------------------------------------------------------------------------- */

/* Sessions and rooms come to the generation that serves, in their next turn, which they get now: also those that came to
 * the new one while an exchange was tried that was given up. */
static void swap_call_all(const swap *w) {
    for (size_t i = 0; i < w->plan.type_count; i++) {
        publish_sync_sessions(w->plan.types[i].type);
    }
    rooms_follow(w->plan.module);
}

/* What goes on after the gate is open: everybody follows, listeners of new types open, of old ones close. */
static void swap_follow(swap *w) {
    swap_call_all(w);
    for (size_t i = 0; i < w->plan.type_count; i++) {
        const type_change *c = &w->plan.types[i];
        if (c->from == NULL && c->to->owned) {
            (void)services_open(c->type);
        } else if (c->to == NULL && c->from->owned) {
            services_pause(c->type);
        }
    }
    plan_fini(&w->plan);
}

static void swap_tell(const swap *w, const generation *from, const generation *to,
                      char why[IMAGE_WHY_MAX]) {
    snprintf(
        why, IMAGE_WHY_MAX,
        "%s %s generation %u serves in place of %s generation %u: settled %.1f ms, staged %.1f ms, gate %.3f ms (%u %s), pause %.3f ms, "
        "in all %.1f ms",
        to->name, to->version, to->number, from->version, from->number,
        milliseconds(w->begun_ns, w->settled_ns), milliseconds(w->settled_ns, w->staged_ns),
        milliseconds(w->closed_ns, w->inside_ns), w->tries, w->tries == 1 ? "try" : "tries",
        (double)w->longest_ns / 1e6, milliseconds(w->begun_ns, w->opened_ns));
    log_info("modules", "%s", why);
}

/* ---- the transaction ------------------------------------------------------------------------ */

/* From the plan to the open gate. `to` has registered; with PORTICO_OK the module holds it. */
static portico_status swap_to(swap *w, module *m, generation *to, char why[IMAGE_WHY_MAX]) {
    portico_status status = plan_make(&w->plan, m, to, why);
    if (status != PORTICO_OK) {
        return status;
    }
    generation *from = w->plan.from;
    status = keep_unused_state(w);
    w->staged_ns = os_monotonic_ns();
    if (status == PORTICO_OK) {
        status = swap_close_gate(w, why);
    }
    if (status == PORTICO_OK) {
        status = swap_exchange(w, why);
        gate_open(&m->gate);
        w->opened_ns = os_monotonic_ns();
        swap_note_pause(w);
        if (status != PORTICO_OK) {
            swap_call_all(w);
        }
    }
    free(w->unused_state);
    if (status != PORTICO_OK) {
        plan_fini(&w->plan);
        return status;
    }
    swap_follow(w);
    swap_tell(w, from, to, why);
    module_retire(m, from, w->longest_ns);
    module_note(m, "swapped");
    return PORTICO_OK;
}

static portico_status swap_refuse(module *m, const char *name, portico_status status,
                                  char why[IMAGE_WHY_MAX]) {
    if (why[0] == '\0') {
        snprintf(why, IMAGE_WHY_MAX, "%s", status_text(status));
    }
    if (m == NULL) {
        log_error("modules", "%s is not swapped: %s", name, why);
    } else {
        log_error("modules", "%s is not swapped, generation %u goes on serving: %s", name,
                  module_generation(m)->number, why);
        module_note(m, why);
    }
    return status;
}

static module *swap_find(const char *name, portico_status *status, char why[IMAGE_WHY_MAX]) {
    module *m = module_find(name);
    *status = PORTICO_OK;
    why[0] = '\0';
    if (m == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "no module %s is loaded: load it", name);
        *status = PORTICO_E_NOT_FOUND;
    } else if (m->file == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "%s is a part of the host, which has no file to swap to",
                 name);
        *status = PORTICO_E_STATE;
    }
    return m;
}

/* A new generation does not come to serve. It is alone unless the exchange was given up: then jobs, and turns that wait
 * for others, may still hold it. */
static void swap_discard(module *m, generation *to, bool loaded) {
    uint64_t until_ms = os_monotonic_ms() + loader_config()->modules_swap_timeout_ms;
    while (loaded && !generation_is_alone(to) && os_monotonic_ms() < until_ms) {
        os_sleep(SETTLE_STEP_MS);
    }
    if (!loaded) {
        generation_free(to);
    } else if (generation_is_alone(to)) {
        module_call_unload(m, to);
        generation_free(to);
    } else {
        log_warn(
            "modules",
            "%s: what was to become generation %u is still in use: it goes later, without its unload",
            m->name, m->generations + 1);
        generation_release(to);
    }
}

portico_status swap_module(const char *name, const char *file, char why[IMAGE_WHY_MAX]) {
    portico_status status = PORTICO_OK;
    swap w = {.begun_ns = os_monotonic_ns()};
    module *m = swap_find(name, &status, why);
    generation *to = NULL;
    if (status == PORTICO_OK) {
        status = swap_settle(&w, m, why);
    }
    if (status == PORTICO_OK) {
        status = image_open(file != NULL ? file : m->file, &to, why);
    }
    if (status == PORTICO_OK && strcmp(to->name, name) != 0) {
        snprintf(why, IMAGE_WHY_MAX, "%.300s holds the module %s: load it, or swap that one",
                 to->file, to->name);
        status = PORTICO_E_INVALID;
    }
    bool loaded = false;
    if (status == PORTICO_OK) {
        status = module_call_load(m, to, host_api(loader_config()), why, IMAGE_WHY_MAX);
        loaded = status == PORTICO_OK;
    }
    if (loaded) {
        generation_hold(to);
        status = swap_to(&w, m, to, why);
    }
    if (status != PORTICO_OK) {
        if (to != NULL) {
            swap_discard(m, to, loaded);
        }
        return swap_refuse(m, name, status, why);
    }
    loader_serves(m);
    return PORTICO_OK;
}

portico_status swap_rollback(const char *name, char why[IMAGE_WHY_MAX]) {
    portico_status status = PORTICO_OK;
    swap w = {.begun_ns = os_monotonic_ns()};
    module *m = swap_find(name, &status, why);
    if (status == PORTICO_OK && m->previous == NULL) {
        snprintf(why, IMAGE_WHY_MAX,
                 "%s has not been swapped: there is no generation to go back to", name);
        status = PORTICO_E_NOT_FOUND;
    }
    if (status == PORTICO_OK) {
        status = swap_settle(&w, m, why);
    }
    if (status == PORTICO_OK) {
        status = swap_to(&w, m, m->previous, why);
    }
    if (status != PORTICO_OK) {
        return swap_refuse(m, name, status, why);
    }
    loader_serves(m);
    return PORTICO_OK;
}

/* ---- by itself ------------------------------------------------------------------------------ */

typedef struct rebuilt {
    control_command command; /* first */
    char name[TEXT_IDENTIFIER_MAX];
} rebuilt;

static void swap_rebuilt(control_command *command) {
    rebuilt *r = (rebuilt *)command;
    char why[IMAGE_WHY_MAX];
    uint64_t size = 0;
    uint64_t hash = 0;
    const module *m = control_ending() ? NULL : module_find(r->name);
    if (m != NULL && m->file != NULL && image_hash(m->file, &size, &hash) == PORTICO_OK) {
        const image_copy *serves = &module_generation(m)->copy;
        if (size != serves->size || hash != serves->hash) {
            (void)swap_module(r->name, NULL, why);
            (void)ready_update();
        }
    }
    free(r);
}

void swap_on_rebuilt(const char *name) {
    rebuilt *r = calloc(1, sizeof *r);
    if (r == NULL) {
        log_error("modules", "%s was rebuilt and is not swapped: out of memory", name);
        return;
    }
    r->command.run = swap_rebuilt;
    snprintf(r->name, sizeof r->name, "%s", name);
    control_post(&r->command);
}

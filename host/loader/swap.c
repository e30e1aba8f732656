/* swap.c: see swap.h.
 *
 * Calls into the module are held up while the gate is closed: during swap_out, the take-over of the
 * module's own state, one pointer for each type, and swap_in. None of it grows with the number of
 * sessions or rooms.
 */
#include "loader/swap.h"

#include "api/host_api.h"
#include "base/status.h"
#include "loader/private.h"
#include "loader/publish.h"
#include "loader/swap_plan.h"
#include "loader/swap_report.h"
#include "module/state_take_over.h"
#include "net/ready.h"
#include "net/services.h"
#include "room/room.h"
#include "run/watchdog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A swap first closes the gate only for moments at a time, so that callers hardly notice, and busy
 * processors do not prevent the swap. If handlers run too long for that, it waits at the closed
 * gate, twice as long each time. */
enum { GATE_GLANCES = 32, GATE_MOST_MS = 64, BETWEEN_GLANCES_MS = 1, SETTLE_STEP_MS = 1 };

typedef struct swap {
    module *module;
    uint32_t timeout_ms;
    swap_plan plan;
    uint64_t begun_ns;
    uint64_t settled_ns; /* when all states were of the generation that serves */
    uint64_t staged_ns;  /* when the plan was made and memory allocated */
    uint64_t closed_ns;  /* when the gate was closed, at the last try ... */
    uint64_t inside_ns;  /* ... and when the last caller had left */
    uint64_t opened_ns;
    uint64_t longest_ns; /* that the gate was closed at any try */
    uint32_t tries;
    void *unused_state; /* the new image's own block as it was before the exchange, or NULL */
} swap;

static swap swap_begin(void) {
    return (swap){.begun_ns = os_monotonic_ns(),
                  .timeout_ms = loader_config()->modules_swap_timeout_ms};
}

static double milliseconds(uint64_t from_ns, uint64_t to_ns) {
    return (double)(to_ns - from_ns) / 1e6;
}

/* Finds the module, which must have a file. */
static portico_status swap_find(swap *w, const char *name, char why[IMAGE_WHY_MAX]) {
    w->module = module_find(name);
    why[0] = '\0';
    if (w->module == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "no module %s is loaded: load it", name);
        return PORTICO_E_NOT_FOUND;
    }
    if (w->module->file == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "%s is part of the host and has no file to swap to", name);
        return PORTICO_E_STATE;
    }
    return PORTICO_OK;
}

/* ---- stage ---------------------------------------------------------------------------------- */

/* Waits until no state is of an earlier generation, so that every state passes through every
 * generation. */
static portico_status swap_settle(swap *w, char why[IMAGE_WHY_MAX]) {
    const generation *previous = w->module->previous;
    uint64_t until_ms = os_monotonic_ms() + w->timeout_ms;
    uint32_t left = previous != NULL ? atomic_load(&previous->states) : 0;
    while (left > 0 && os_monotonic_ms() < until_ms) {
        os_sleep(SETTLE_STEP_MS);
        left = atomic_load(&previous->states);
    }
    if (left > 0) {
        char call[160];
        watchdog_describe(NULL, call, sizeof call);
        snprintf(why, IMAGE_WHY_MAX,
                 "%u state%s of sessions or rooms %s still of generation %u, because their turns "
                 "have not ended within [modules] swap_timeout_ms = %u; the longest call: %s",
                 left, left == 1 ? "" : "s", left == 1 ? "is" : "are", previous->number,
                 w->timeout_ms, call);
        return PORTICO_E_TIMEOUT;
    }
    w->settled_ns = os_monotonic_ns();
    return PORTICO_OK;
}

static portico_status swap_register(module *m, generation *to, char why[IMAGE_WHY_MAX]) {
    if (strcmp(to->name, m->name) != 0) {
        snprintf(why, IMAGE_WHY_MAX, "%.300s is the module %s: load it, or swap %s", to->file,
                 to->name, to->name);
        return PORTICO_E_INVALID;
    }
    return module_call_load(m, to, host_api(loader_config()), why, IMAGE_WHY_MAX);
}

/* Loads the file and lets it register. The caller holds *result; end it with swap_discard. */
static portico_status swap_stage(module *m, const char *file, generation **result,
                                 char why[IMAGE_WHY_MAX]) {
    generation *to = NULL;
    portico_status status = image_open(file, &to, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = swap_register(m, to, why);
    if (status != PORTICO_OK) {
        generation_free(to);
        return status;
    }
    generation_hold(to);
    *result = to;
    return PORTICO_OK;
}

/* Ends a staged generation that does not come to serve. Others hold it only after an exchange that
 * was undone: jobs, and turns that wait. */
static void swap_discard(const swap *w, generation *to) {
    uint64_t until_ms = os_monotonic_ms() + w->timeout_ms;
    while (!generation_is_alone(to) && os_monotonic_ms() < until_ms) {
        os_sleep(SETTLE_STEP_MS);
    }
    if (generation_is_alone(to)) {
        module_call_unload(w->module, to);
        generation_free(to);
    } else {
        log_warn("modules",
                 "%s: the build that was to become generation %u is still in use: it is closed "
                 "later, without its unload",
                 w->module->name, w->module->generations + 1);
        generation_release(to);
    }
}

/* ---- exchange ------------------------------------------------------------------------------- */

static void swap_note_pause(swap *w) {
    uint64_t pause_ns = os_monotonic_ns() - w->closed_ns;
    w->longest_ns = pause_ns > w->longest_ns ? pause_ns : w->longest_ns;
}

static uint32_t longer_patience(uint32_t patience_ms) {
    if (patience_ms == 0) {
        return 1;
    }
    return patience_ms < GATE_MOST_MS ? 2 * patience_ms : GATE_MOST_MS;
}

static portico_status swap_close_gate(swap *w, char why[IMAGE_WHY_MAX]) {
    uint64_t until_ns = os_monotonic_ns() + w->timeout_ms * 1000000ull;
    uint32_t patience_ms = 0;
    do {
        w->tries++;
        w->closed_ns = os_monotonic_ns();
        if (gate_close(&w->module->gate, patience_ms)) {
            w->inside_ns = os_monotonic_ns();
            return PORTICO_OK;
        }
        swap_note_pause(w);
        /* Let the callers that were held up continue. */
        os_sleep(patience_ms > 0 ? patience_ms : BETWEEN_GLANCES_MS);
        patience_ms = w->tries >= GATE_GLANCES ? longer_patience(patience_ms) : 0;
    } while (os_monotonic_ns() < until_ns);
    char call[160];
    watchdog_describe(w->module->name, call, sizeof call);
    snprintf(why, IMAGE_WHY_MAX,
             "a handler does not return within [modules] swap_timeout_ms = %u: %s", w->timeout_ms,
             call);
    return PORTICO_E_TIMEOUT;
}

/* Keeps the contents of the new image's block. If the exchange is undone, the image's `unload` must
 * find them, and not what was copied in: that may contain addresses which the old image still
 * owns. */
static portico_status keep_unused_state(swap *w) {
    const generation *to = w->plan.to;
    if (to->shape.size == 0) {
        return PORTICO_OK;
    }
    w->unused_state = malloc(to->shape.size);
    if (w->unused_state == NULL) {
        return PORTICO_E_NO_MEMORY;
    }
    memcpy(w->unused_state, to->state, to->shape.size);
    return PORTICO_OK;
}

/* Takes the module's own state over into the new image's block. */
static portico_status take_module_state(const swap *w, char why[IMAGE_WHY_MAX]) {
    const generation *from = w->plan.from;
    const generation *to = w->plan.to;
    const state_owner owner = {.name = "the module", .entity = w->module->self};
    module_begin(w->module, w->plan.to, "migrate", 0);
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

/* Makes `g` the generation that serves. Gate closed. */
static void swap_publish(swap *w, generation *g) {
    plan_exchange(&w->plan, g == w->plan.from);
    module_serve(w->module, g);
}

/* On failure the old generation is published. Gate closed. */
static portico_status swap_hand_over(swap *w, char why[IMAGE_WHY_MAX]) {
    portico_status status = take_module_state(w, why);
    if (status != PORTICO_OK) {
        return status;
    }
    swap_publish(w, w->plan.to);
    status = module_call_swap_in(w->module, w->plan.to);
    if (status != PORTICO_OK) {
        snprintf(why, IMAGE_WHY_MAX, "its swap_in failed: %s", status_text(status));
        swap_publish(w, w->plan.from);
    }
    return status;
}

/* On failure everything is as before. Gate closed. */
static portico_status swap_exchange(swap *w, char why[IMAGE_WHY_MAX]) {
    generation *from = w->plan.from;
    portico_status status = plan_check_empty(&w->plan, why);
    if (status != PORTICO_OK) {
        return status;
    }
    module_call_swap_out(w->module, from);
    status = swap_hand_over(w, why);
    if (status == PORTICO_OK) {
        return PORTICO_OK;
    }
    if (w->unused_state != NULL) {
        memcpy(w->plan.to->state, w->unused_state, w->plan.to->shape.size);
    }
    if (module_call_swap_in(w->module, from) != PORTICO_OK) {
        log_error("modules", "%s: swap_in of generation %u, which keeps serving, failed as well",
                  w->module->name, from->number);
    }
    return status;
}

/* ---- follow --------------------------------------------------------------------------------- */

/* Gives every session and room a turn, in which it changes to the generation that serves. After an
 * exchange that was undone, this brings back those that had changed already. */
static void swap_call_all(const swap *w) {
    for (size_t i = 0; i < w->plan.type_count; i++) {
        publish_sync_sessions(w->plan.types[i].type);
    }
    rooms_follow(w->module);
}

/* After the gate has opened: everybody follows, listeners of new types open, those of old ones
 * close. */
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
}

static void swap_tell(const swap *w, const char *changes, char why[IMAGE_WHY_MAX]) {
    const generation *from = w->plan.from;
    const generation *to = w->plan.to;
    snprintf(why, IMAGE_WHY_MAX,
             "%s %s generation %u replaces %s generation %u: waited %.1f ms, prepared %.1f ms, "
             "drained %.3f ms (%u %s), paused %.3f ms, total %.1f ms%s%s",
             to->name, to->version, to->number, from->version, from->number,
             milliseconds(w->begun_ns, w->settled_ns), milliseconds(w->settled_ns, w->staged_ns),
             milliseconds(w->closed_ns, w->inside_ns), w->tries, w->tries == 1 ? "try" : "tries",
             (double)w->longest_ns / 1e6, milliseconds(w->begun_ns, w->opened_ns),
             changes[0] != '\0' ? "; changed " : "", changes);
    log_info("modules", "%s", why);
}

/* The swap has succeeded. */
static void swap_finish(swap *w, char why[IMAGE_WHY_MAX]) {
    char changes[SWAP_CHANGES_MAX];
    char outcome[OUTCOME_MAX];
    swap_changes_text(w->plan.from, w->plan.to, changes, sizeof changes);
    swap_follow(w);
    swap_tell(w, changes, why);
    snprintf(outcome, sizeof outcome, "swapped%s%s", changes[0] != '\0' ? ", changed " : "",
             changes);
    module_retire(w->module, w->plan.from, w->longest_ns);
    module_note(w->module, outcome);
}

/* ---- the transaction ------------------------------------------------------------------------ */

/* From the plan to the open gate. */
static portico_status swap_run(swap *w, char why[IMAGE_WHY_MAX]) {
    portico_status status = plan_ask_dependents(&w->plan, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = keep_unused_state(w);
    if (status != PORTICO_OK) {
        return status;
    }
    w->staged_ns = os_monotonic_ns();
    status = swap_close_gate(w, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = swap_exchange(w, why);
    gate_open(&w->module->gate);
    w->opened_ns = os_monotonic_ns();
    swap_note_pause(w);
    if (status != PORTICO_OK) {
        swap_call_all(w);
    }
    return status;
}

/* Swaps to `to`, which has registered. With PORTICO_OK the module holds it. */
static portico_status swap_to(swap *w, generation *to, char why[IMAGE_WHY_MAX]) {
    portico_status status = plan_make(&w->plan, w->module, to, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = swap_run(w, why);
    if (status == PORTICO_OK) {
        swap_finish(w, why);
    }
    free(w->unused_state);
    plan_fini(&w->plan);
    return status;
}

static portico_status swap_refuse(const module *m, const char *name, portico_status status,
                                  char why[IMAGE_WHY_MAX]) {
    if (why[0] == '\0') {
        snprintf(why, IMAGE_WHY_MAX, "%s", status_text(status));
    }
    if (m == NULL) {
        log_error("modules", "%s is not swapped: %s", name, why);
    } else {
        log_error("modules", "%s is not swapped, generation %u keeps serving: %s", name,
                  module_generation(m)->number, why);
    }
    return status;
}

/* Ends a swap one way or the other. */
static portico_status swap_end(const swap *w, const char *name, portico_status status,
                               char why[IMAGE_WHY_MAX]) {
    if (status == PORTICO_OK) {
        loader_serves(w->module);
        return PORTICO_OK;
    }
    (void)swap_refuse(w->module, name, status, why);
    if (w->module != NULL) {
        module_note(w->module, why);
    }
    return status;
}

static portico_status swap_to_file(swap *w, const char *file, char why[IMAGE_WHY_MAX]) {
    generation *to = NULL;
    portico_status status = swap_settle(w, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = swap_stage(w->module, file, &to, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = swap_to(w, to, why);
    if (status != PORTICO_OK) {
        swap_discard(w, to);
    }
    return status;
}

/* Whether the file has the bytes of the generation that serves. PORTICO_OK, or why it cannot be
 * read. */
static portico_status compare_file(const module *m, const char *file, bool *same) {
    const image_copy *loaded = &module_generation(m)->copy;
    uint64_t size = 0;
    uint64_t hash = 0;
    portico_status status = image_hash(file, &size, &hash);
    *same = status == PORTICO_OK && size == loaded->size && hash == loaded->hash;
    return status;
}

static void say_unchanged(const module *m, const char *file, char why[IMAGE_WHY_MAX]) {
    snprintf(why, IMAGE_WHY_MAX,
             "nothing has changed: %.600s is the build that serves as generation %u of %s "
             "(--force swaps all the same)",
             file, module_generation(m)->number, m->name);
}

portico_status swap_module(const char *name, const char *file, bool force,
                           char why[IMAGE_WHY_MAX]) {
    swap w = swap_begin();
    portico_status status = swap_find(&w, name, why);
    if (status != PORTICO_OK) {
        return swap_end(&w, name, status, why);
    }
    bool same = false;
    file = file != NULL ? file : w.module->file;
    (void)compare_file(w.module, file, &same); /* a failure shows when it is loaded */
    if (same && !force) {
        say_unchanged(w.module, file, why);
        log_info("modules", "%s", why);
        return PORTICO_OK;
    }
    status = swap_to_file(&w, file, why);
    return swap_end(&w, name, status, why);
}

static portico_status swap_to_previous(swap *w, const char *name, char why[IMAGE_WHY_MAX]) {
    portico_status status = swap_find(w, name, why);
    if (status != PORTICO_OK) {
        return status;
    }
    if (w->module->previous == NULL) {
        snprintf(why, IMAGE_WHY_MAX,
                 "%s has not been swapped: there is no generation to go back to", name);
        return PORTICO_E_NOT_FOUND;
    }
    status = swap_settle(w, why);
    if (status != PORTICO_OK) {
        return status;
    }
    return swap_to(w, w->module->previous, why);
}

portico_status swap_rollback(const char *name, char why[IMAGE_WHY_MAX]) {
    swap w = swap_begin();
    portico_status status = swap_to_previous(&w, name, why);
    return swap_end(&w, name, status, why);
}

/* ---- a plan only ---------------------------------------------------------------------------- */

portico_status swap_preview(const char *name, const char *file,
                            void (*say)(void *arg, const char *line), void *arg,
                            char why[IMAGE_WHY_MAX]) {
    swap w = swap_begin();
    generation *to = NULL;
    bool same = false;
    portico_status status = swap_find(&w, name, why);
    if (status != PORTICO_OK) {
        return status;
    }
    file = file != NULL ? file : w.module->file;
    (void)compare_file(w.module, file, &same);
    if (same) {
        say_unchanged(w.module, file, why);
        say(arg, why);
    }
    status = swap_stage(w.module, file, &to, why);
    if (status != PORTICO_OK) {
        return status;
    }
    swap_report(w.module, to, say, arg);
    status = plan_make(&w.plan, w.module, to, why);
    if (status == PORTICO_OK) {
        plan_fini(&w.plan);
    }
    log_info("modules", "%s: a plan of a swap to %.300s: %s", name, file,
             status == PORTICO_OK ? "nothing prevents it" : why);
    swap_discard(&w, to);
    return status;
}

/* ---- automatic swaps ------------------------------------------------------------------------ */

typedef struct rebuilt {
    control_command command; /* first */
    char name[TEXT_IDENTIFIER_MAX];
} rebuilt;

/* A file that is missing now is reported again when it is back. */
static void swap_rebuilt(control_command *command) {
    rebuilt *r = (rebuilt *)command;
    char why[IMAGE_WHY_MAX];
    bool same = false;
    const module *m = control_ending() ? NULL : module_find(r->name);
    if (m != NULL && m->file != NULL && compare_file(m, m->file, &same) != PORTICO_E_NOT_FOUND &&
        !same) {
        (void)swap_module(r->name, NULL, false, why);
        (void)ready_update();
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

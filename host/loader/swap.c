/* swap.c: see swap.h. */
#include "loader/swap.h"

#include "base/status.h"
#include "loader/private.h"
#include "loader/swap_exchange.h"
#include "loader/swap_report.h"
#include "module/caller.h"
#include "net/ready.h"
#include "run/stop_clock.h"
#include "run/watchdog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SETTLE_STEP_MS = 1, SETTLE_MOMENT_MS = 100 };

static swap swap_begin(void) {
    uint32_t timeout_ms = loader_config()->modules_swap_timeout_ms;
    caller_allow(timeout_ms); /* for what is asked before the exchange */
    return (swap){.record.begun_ns = os_monotonic_ns(), .timeout_ms = timeout_ms};
}

static portico_status swap_find(swap *w, const char *name, char why[IMAGE_WHY_MAX]) {
    w->module = module_find(name);
    why[0] = '\0';
    if (w->module == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "no module %s is loaded: load it", name);
        return PORTICO_E_NOT_FOUND;
    }
    w->record.from = module_generation(w->module)->number;
    return PORTICO_OK;
}

/* ---- stage ---------------------------------------------------------------------------------- */

static portico_status refuse_unsettled(const swap *w, uint32_t left, const generation *of,
                                       char why[IMAGE_WHY_MAX]) {
    char call[160];
    watchdog_describe(NULL, call, sizeof call);
    snprintf(why, IMAGE_WHY_MAX,
             "%u state%s of sessions or rooms %s still of generation %u, because their turns "
             "have not ended within [modules] swap_timeout_ms = %u; the longest call: %s",
             left, left == 1 ? "" : "s", left == 1 ? "is" : "are", of->number, w->timeout_ms, call);
    return PORTICO_E_TIMEOUT;
}

/* Waits until no state is of an earlier generation, so that every state passes through every
 * generation. At a frozen module nothing moves, and the earlier states may be the ones whose
 * migrate has faulted. So they are left where they are, and the next build has to take them over
 * as well (swap_plan.c). The same goes for what waits at another frozen module, after a moment. */
static portico_status swap_settle(swap *w, char why[IMAGE_WHY_MAX]) {
    bool moment = module_find_frozen(NULL) != NULL && w->timeout_ms > SETTLE_MOMENT_MS;
    uint64_t begun_ms = os_monotonic_ms();
    uint64_t until_ms = begun_ms + (moment ? SETTLE_MOMENT_MS : w->timeout_ms);
    const generation *of = NULL;
    uint32_t left = module_unsettled(w->module, &of);
    while (left > 0 && !gate_is_frozen(&w->module->gate)) {
        bool over = os_monotonic_ms() >= stop_clock_limit_ms(begun_ms, until_ms);
        if (over && module_find_frozen(NULL) != NULL) {
            break;
        }
        if (over) {
            return refuse_unsettled(w, left, of, why);
        }
        os_sleep(SETTLE_STEP_MS);
        left = module_unsettled(w->module, &of);
    }
    swap_note_step(w, SWAP_STEP_settle);
    if (left == 0) {
        registry_empty_reserves(module_generation(w->module)->registry); /* of states that closed */
    }
    return PORTICO_OK;
}

/* Loads the file and prepares it. The caller holds *result; end it with swap_discard. */
static portico_status swap_stage(const module *m, const char *file, generation **result,
                                 char why[IMAGE_WHY_MAX]) {
    generation *to = NULL;
    portico_status status = image_open(file, &to, why);
    if (status != PORTICO_OK) {
        return status;
    }
    if (strcmp(to->name, m->name) != 0) {
        snprintf(why, IMAGE_WHY_MAX, "%.300s is the module %s: load it, or swap %s", to->file,
                 to->name, to->name);
        status = PORTICO_E_INVALID;
    } else {
        status = loader_prepare(to, why);
    }
    if (status != PORTICO_OK) {
        generation_free(to);
        return status;
    }
    generation_hold(to);
    *result = to;
    return PORTICO_OK;
}

/* Ends a staged generation that does not come to serve. Others hold it only after an exchange that
 * was undone: jobs, and turns that wait. The last of them then closes it. */
static void swap_discard(generation *to) {
    if (generation_is_alone(to)) {
        generation_free(to);
    } else {
        generation_release(to);
    }
}

/* ---- a new build, and back ------------------------------------------------------------------- */

static portico_status swap_refuse(const module *m, const char *name, portico_status status,
                                  char why[IMAGE_WHY_MAX]) {
    if (why[0] == '\0') {
        snprintf(why, IMAGE_WHY_MAX, "%s", status_text(status));
    }
    if (m == NULL) {
        log_error("modules", "%s is not swapped: %s", name, why);
    } else {
        log_error("modules", "%s is not swapped, generation %u %s: %s", name,
                  module_generation(m)->number,
                  gate_is_frozen(&m->gate) ? "stays frozen" : "keeps serving", why);
    }
    return status;
}

/* Keeps it for `ctl swaps`. */
static void swap_remember(swap *w, module_swap result, const char *text) {
    swap_record *r = &w->record;
    r->wall_ms = os_wall_ms();
    r->result = result;
    snprintf(r->module, sizeof r->module, "%s", w->module->name);
    snprintf(r->text, sizeof r->text, "%s", text);
    swap_log_add(r);
}

/* Ends a swap one way or the other. */
static portico_status swap_end(swap *w, const char *name, portico_status status,
                               module_swap success, char why[IMAGE_WHY_MAX]) {
    if (w->module != NULL) {
        module_count_swap(w->module, status == PORTICO_OK ? success : MODULE_SWAP_refused);
        swap_remember(w, status == PORTICO_OK ? success : MODULE_SWAP_refused,
                      why[0] != '\0' ? why : status_text(status));
    }
    if (status == PORTICO_OK) {
        loader_serves(w->module);
        return PORTICO_OK;
    }
    (void)swap_refuse(w->module, name, status, why);
    if (w->module != NULL) {
        module_note(w->module, why, 0);
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
    swap_note_step(w, SWAP_STEP_load);
    if (status != PORTICO_OK) {
        return status;
    }
    status = swap_to(w, to, why);
    if (status != PORTICO_OK) {
        swap_discard(to);
    }
    return status;
}

/* Whether the file has the bytes of the generation that serves, which are only read if their number
 * is the same. PORTICO_OK, or why it cannot be read. */
static portico_status compare_file(const module *m, const char *file, bool *same) {
    const image_copy *loaded = &module_generation(m)->copy;
    os_file_info found;
    uint64_t size = 0;
    uint64_t hash = 0;
    *same = false;
    portico_status status = os_file_look(file, &found);
    if (status != PORTICO_OK || found.size != loaded->size) {
        return status;
    }
    status = image_hash(file, &size, &hash);
    *same = status == PORTICO_OK && size == loaded->size && hash == loaded->hash;
    return status;
}

static void say_unchanged(const module *m, const char *file, char why[IMAGE_WHY_MAX]) {
    bool frozen = gate_is_frozen(&m->gate);
    snprintf(why, IMAGE_WHY_MAX,
             "nothing has changed: %.600s is the build that %s as generation %u of %s (%s)", file,
             frozen ? "is frozen" : "serves", module_generation(m)->number, m->name,
             frozen ? "thaw lets it go on" : "--force swaps all the same");
}

portico_status swap_module(const char *name, const char *file, bool force,
                           char why[IMAGE_WHY_MAX]) {
    swap w = swap_begin();
    portico_status status = swap_find(&w, name, why);
    if (status != PORTICO_OK) {
        return swap_end(&w, name, status, MODULE_SWAP_swapped, why);
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
    return swap_end(&w, name, status, MODULE_SWAP_swapped, why);
}

/* Whether the generation before can serve again. Says so if it has faulted: only a user goes back
 * to such a one. */
static portico_status check_previous(const module *m, char why[IMAGE_WHY_MAX]) {
    const generation *previous = m->previous;
    if (previous == NULL) {
        snprintf(why, IMAGE_WHY_MAX,
                 "%s has not been swapped: there is no generation to go back to", m->name);
        return PORTICO_E_NOT_FOUND;
    }
    if (previous->lost) {
        snprintf(why, IMAGE_WHY_MAX,
                 "a call of generation %u has never returned, so it cannot serve again: load the "
                 "build again",
                 previous->number);
        return PORTICO_E_STATE;
    }
    if (atomic_load(&previous->faulted)) {
        log_warn("modules", "%s goes back to generation %u, which has faulted", m->name,
                 previous->number);
    }
    return PORTICO_OK;
}

static portico_status swap_to_previous(swap *w, const char *name, char why[IMAGE_WHY_MAX]) {
    portico_status status = swap_find(w, name, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = check_previous(w->module, why);
    if (status != PORTICO_OK) {
        return status;
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
    return swap_end(&w, name, status, MODULE_SWAP_rolled_back, why);
}

/* ---- a plan only ---------------------------------------------------------------------------- */

portico_status swap_preview(const char *name, const char *file, plan_say *say, void *arg,
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
        say(arg,
            &(plan_row){.entity = "note", .name = "", .effect = "", .change = why, .line = why});
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
    swap_discard(to);
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
    if (m != NULL && compare_file(m, m->file, &same) != PORTICO_E_NOT_FOUND && !same) {
        control_doing("the swap of %s, whose file has changed", r->name);
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

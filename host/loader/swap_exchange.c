/* swap_exchange.c: see swap_exchange.h.
 *
 * Calls into the module are held up while the gate is closed: during `stop`, the take-over of the
 * module's own state, one pointer for each type, and `start`. None of it grows with the number of
 * sessions or rooms.
 *
 * `stop`, `migrate` and `start` together may take swap_timeout_ms. A call that has not returned by
 * then is ended or lost (caller.h), which for `stop` delays the swap and for the others refuses it.
 * The calls that follow have that time again.
 */
#include "loader/swap_exchange.h"

#include "base/status.h"
#include "loader/publish.h"
#include "loader/swap_report.h"
#include "loader/swap_reserve.h"
#include "module/caller.h"
#include "module/fault_policy.h"
#include "module/life.h"
#include "module/mailbox.h"
#include "module/state_take_over.h"
#include "net/services.h"
#include "room/room.h"
#include "run/schedule.h"
#include "run/stop_clock.h"
#include "run/watchdog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A swap first closes the gate only for moments at a time, so that callers hardly notice, and busy
 * processors do not prevent the swap. If handlers run too long for that, it waits at the closed
 * gate, twice as long each time. */
enum { GATE_GLANCES = 32, GATE_MOST_MS = 64, BETWEEN_GLANCES_MS = 1 };

enum { RESERVE_MORE_MAX = 10000 };

static double milliseconds(uint64_t from_ns, uint64_t to_ns) {
    return (double)(to_ns - from_ns) / 1e6;
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
    uint64_t begun_ms = os_monotonic_ms();
    uint64_t until_ms = begun_ms + w->timeout_ms;
    uint32_t patience_ms = 0;
    do {
        w->tries++;
        w->closed_ns = os_monotonic_ns();
        if (gate_close(&w->module->gate, patience_ms)) {
            w->inside_ns = os_monotonic_ns();
            return PORTICO_OK;
        }
        swap_note_pause(w);
        publish_revive(w->module);
        /* Let the callers that were held up continue. */
        os_sleep(patience_ms > 0 ? patience_ms : BETWEEN_GLANCES_MS);
        patience_ms = w->tries >= GATE_GLANCES ? longer_patience(patience_ms) : 0;
    } while (os_monotonic_ms() < stop_clock_limit_ms(begun_ms, until_ms));
    char call[160];
    watchdog_describe(w->module->name, call, sizeof call);
    snprintf(why, IMAGE_WHY_MAX,
             "a handler does not return within [modules] swap_timeout_ms = %u: %s", w->timeout_ms,
             call);
    return PORTICO_E_TIMEOUT;
}

/* Takes the module's own state over into the new image's block. */
static portico_status take_module_state(const swap *w, char why[IMAGE_WHY_MAX]) {
    const generation *from = w->plan.from;
    const generation *to = w->plan.to;
    const state_owner owner = {.name = "the module", .entity = w->module->self};
    module_asks(w->module, w->plan.to, false);
    portico_status status = state_copy_over(&owner, from, &from->shape, from->state, &to->shape,
                                            to->info.state.migrate, to->state);
    module_asks(NULL, NULL, false);
    if (status != PORTICO_OK) {
        snprintf(why, IMAGE_WHY_MAX,
                 "the state of the module cannot be taken over: its migrate failed: %s",
                 status_text(status));
    }
    return status;
}

portico_status swap_start(module *m, generation *g, uint32_t why) {
    portico_status status = module_call_start(m, g, why);
    if (status != PORTICO_OK) {
        schedules_undo(m->begun);
        mailbox_undo(m, m->begun);
        rooms_undo(m->begun);
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
    bool returns = w->plan.to == w->module->previous;
    status =
        swap_start(w->module, w->plan.to, returns ? PORTICO_START_RETURNED : PORTICO_START_SWAPPED);
    if (status != PORTICO_OK) {
        snprintf(why, IMAGE_WHY_MAX, "its start failed: %s", status_text(status));
        atomic_store(&w->plan.to->given_up, true);
        swap_publish(w, w->plan.from);
    }
    return status;
}

/* The old generation serves again. If it cannot, the module is frozen. Gate closed. */
static void swap_go_back(const swap *w) {
    generation *from = w->plan.from;
    caller_allow(w->timeout_ms);
    portico_status status = swap_start(w->module, from, PORTICO_START_RETURNED);
    if (status != PORTICO_OK) {
        log_error("modules", "%s: start of generation %u, which keeps serving, failed as well: %s",
                  w->module->name, from->number, status_text(status));
    }
    if (status == PORTICO_E_FAULT) {
        (void)fault_give_up(w->module, from);
    }
}

/* On failure everything is as before. Gate closed. */
static portico_status swap_exchange(swap *w, char why[IMAGE_WHY_MAX]) {
    portico_status status = plan_check_empty(&w->plan, why);
    if (status != PORTICO_OK) {
        return status;
    }
    caller_allow(w->timeout_ms);
    module_call_stop(w->module, w->plan.from, PORTICO_STOP_REPLACED);
    status = swap_hand_over(w, why);
    if (status != PORTICO_OK) {
        swap_go_back(w);
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
    registry_empty_reserves(w->plan.from->registry); /* of states that had not followed to it */
    swap_follow(w);
    swap_tell(w, changes, why);
    snprintf(outcome, sizeof outcome, "swapped%s%s", changes[0] != '\0' ? ", changed " : "",
             changes);
    module_note(w->module, outcome, w->longest_ns);
}

/* ---- the transaction ------------------------------------------------------------------------ */

/* Closes the gate when there is a block for every state that will need one: sessions and rooms may
 * arrive until it is closed. */
static portico_status swap_close_gate_reserved(swap *w, char why[IMAGE_WHY_MAX]) {
    for (uint32_t more = 0; more <= RESERVE_MORE_MAX; more = 2 * more + 1) {
        portico_status status = swap_reserve(&w->plan, more, why);
        if (status != PORTICO_OK) {
            return status;
        }
        w->staged_ns = os_monotonic_ns();
        status = swap_close_gate(w, why);
        if (status != PORTICO_OK) {
            return status;
        }
        if (swap_reserve_suffices(&w->plan)) {
            return PORTICO_OK;
        }
        gate_open(&w->module->gate);
        swap_note_pause(w);
        publish_revive(w->module);
    }
    snprintf(why, IMAGE_WHY_MAX,
             "more sessions or rooms arrive than memory can be reserved for: try again");
    return PORTICO_E_BACKLOG;
}

/* From the plan to the open gate. */
static portico_status swap_run(swap *w, char why[IMAGE_WHY_MAX]) {
    portico_status status = plan_ask_dependents(&w->plan, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = swap_close_gate_reserved(w, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = swap_exchange(w, why);
    if (status == PORTICO_OK) {
        module_retire(w->module, w->plan.from);
        fault_thaw(w->module); /* the code that had faulted does not serve any more */
    }
    gate_open(&w->module->gate);
    w->opened_ns = os_monotonic_ns();
    swap_note_pause(w);
    publish_revive(w->module);
    if (status != PORTICO_OK) {
        swap_call_all(w);
    }
    return status;
}

portico_status swap_to(swap *w, generation *to, char why[IMAGE_WHY_MAX]) {
    portico_status status = plan_make(&w->plan, w->module, to, why);
    if (status != PORTICO_OK) {
        return status;
    }
    status = swap_run(w, why);
    if (status == PORTICO_OK) {
        swap_finish(w, why);
    } else {
        registry_empty_reserves(to->registry);
    }
    plan_fini(&w->plan);
    return status;
}

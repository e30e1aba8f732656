/* swap_exchange.c: see swap_exchange.h.
 *
 * A swap first closes the gate only for moments at a time, so that callers hardly notice, and busy
 * processors do not prevent the swap. If handlers run too long for that, it waits at the closed
 * gate, twice as long each time.
 */
#include "loader/swap_exchange.h"

#include "loader/publish.h"
#include "loader/swap_report.h"
#include "loader/swap_reserve.h"
#include "net/services.h"
#include "room/room.h"
#include "run/stop_clock.h"
#include "run/watchdog.h"

#include <stdio.h>

enum { GATE_GLANCES = 32, GATE_MOST_MS = 64, BETWEEN_GLANCES_MS = 1, RESERVE_MORE_MAX = 10000 };

static double milliseconds(uint64_t from_ns, uint64_t to_ns) {
    return (double)(to_ns - from_ns) / 1e6;
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
             milliseconds(w->record.begun_ns, w->record.step_ns[SWAP_STEP_settle]),
             milliseconds(w->record.step_ns[SWAP_STEP_settle], w->record.step_ns[SWAP_STEP_plan]),
             milliseconds(w->record.step_ns[SWAP_STEP_enter], w->record.step_ns[SWAP_STEP_drain]),
             w->record.tries, w->record.tries == 1 ? "try" : "tries",
             (double)w->record.pause_ns / 1e6,
             milliseconds(w->record.begun_ns, w->record.step_ns[SWAP_STEP_open]),
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
    swap_note_step(w, SWAP_STEP_follow);
    w->record.to = w->plan.to->number;
    swap_tell(w, changes, why);
    snprintf(outcome, sizeof outcome, "swapped%s%s", changes[0] != '\0' ? ", changed " : "",
             changes);
    module_note(w->module, outcome, w->record.pause_ns);
}

/* ---- the transaction ------------------------------------------------------------------------ */

static uint32_t longer_patience(uint32_t patience_ms) {
    if (patience_ms == 0) {
        return 1;
    }
    return patience_ms < GATE_MOST_MS ? 2 * patience_ms : GATE_MOST_MS;
}

/* Tries until the gate is found empty. */
static swap_outcome try_until_empty(swap *w, portico_status *status, char why[IMAGE_WHY_MAX]) {
    uint64_t begun_ms = os_monotonic_ms();
    uint64_t until_ms = begun_ms + w->timeout_ms;
    uint32_t patience_ms = 0;
    swap_outcome outcome = SWAP_OCCUPIED;
    do {
        outcome = swap_try(w, patience_ms, status, why);
        publish_revive(w->module);
        if (outcome != SWAP_OCCUPIED) {
            return outcome;
        }
        /* Let the callers that were held up continue. */
        os_sleep(patience_ms > 0 ? patience_ms : BETWEEN_GLANCES_MS);
        patience_ms = w->record.tries >= GATE_GLANCES ? longer_patience(patience_ms) : 0;
    } while (os_monotonic_ms() < stop_clock_limit_ms(begun_ms, until_ms));
    char call[160];
    watchdog_describe(w->module->name, call, sizeof call);
    snprintf(why, IMAGE_WHY_MAX,
             "a handler does not return within [modules] swap_timeout_ms = %u: %s", w->timeout_ms,
             call);
    *status = PORTICO_E_TIMEOUT;
    return outcome;
}

/* Tries with a block for every state that will need one: sessions and rooms may arrive until the
 * gate is closed. *tried: the module was stopped, or would have been. */
static portico_status try_reserved(swap *w, bool *tried, char why[IMAGE_WHY_MAX]) {
    for (uint32_t more = 0; more <= RESERVE_MORE_MAX; more = 2 * more + 1) {
        portico_status status = swap_reserve(&w->plan, more, why);
        if (status != PORTICO_OK) {
            return status;
        }
        swap_note_step(w, SWAP_STEP_plan);
        swap_outcome outcome = try_until_empty(w, &status, why);
        if (outcome != SWAP_RESERVE_MORE) {
            *tried = outcome == SWAP_TRIED;
            return status;
        }
    }
    snprintf(why, IMAGE_WHY_MAX,
             "more sessions or rooms arrive than memory can be reserved for: try again");
    return PORTICO_E_BACKLOG;
}

/* From the plan to the open gate. */
static portico_status swap_run(swap *w, char why[IMAGE_WHY_MAX]) {
    bool tried = false;
    portico_status status = plan_ask_dependents(&w->plan, why);
    if (status == PORTICO_OK) {
        status = try_reserved(w, &tried, why);
    }
    if (tried && status != PORTICO_OK) {
        swap_call_all(w);
    }
    return status;
}

portico_status swap_to(swap *w, generation *to, char why[IMAGE_WHY_MAX]) {
    snprintf(w->record.version, sizeof w->record.version, "%s", to->version);
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

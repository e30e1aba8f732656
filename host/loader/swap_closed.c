/* swap_closed.c: see swap_closed.h.
 *
 * Calls into the module are held up while the gate is closed: during `stop`, the take-over of the
 * module's own state, one pointer for each type, and `start`. None of it grows with the number of
 * sessions or rooms.
 *
 * All of it runs on one thread that has just woken (caller_row): where processors are busy, the
 * system then lets it run for some milliseconds, and each hand-over to another thread would cost a
 * share of that. A step makes one call into the module at most, and is made again after a call that
 * is lost: what comes before the call in it may be done twice.
 *
 * `stop`, `migrate` and `start` together may take swap_timeout_ms. A call that has not returned by
 * then is ended or lost (caller.h), which for `stop` delays the swap and for the others refuses it.
 * The calls that follow have that time again.
 */
#include "loader/swap_closed.h"

#include "base/log.h"
#include "base/status.h"
#include "loader/swap_reserve.h"
#include "module/caller.h"
#include "module/fault_policy.h"
#include "module/life.h"
#include "module/mailbox.h"
#include "module/state_take_over.h"
#include "room/room.h"
#include "run/schedule.h"

#include <stdio.h>

/* The steps, in this order. A failure leads on to STEP_BACK, a success past it. */
typedef enum step { STEP_CLOSE, STEP_STOP, STEP_STATE, STEP_START, STEP_BACK, STEP_OPEN } step;

/* One try. */
typedef struct closed {
    swap *w;
    uint32_t patience_ms;
    swap_outcome outcome;
    portico_status status;
    char *why; /* IMAGE_WHY_MAX */
} closed;

static void swap_note_pause(swap *w) {
    uint64_t pause_ns = os_monotonic_ns() - w->record.step_ns[SWAP_STEP_enter];
    w->record.pause_ns = pause_ns > w->record.pause_ns ? pause_ns : w->record.pause_ns;
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

/* Looks for reasons not to swap before the gate closes, too. That also fills this processor's
 * caches. */
static bool step_look(closed *c) {
    c->outcome = SWAP_RESERVE_MORE;
    if (!swap_reserve_suffices(&c->w->plan)) {
        return false;
    }
    c->outcome = SWAP_TRIED;
    c->status = plan_check_empty(&c->w->plan, c->why);
    return c->status == PORTICO_OK;
}

/* The first step. False: the gate is open, or open again. */
static bool step_close(closed *c) {
    swap *w = c->w;
    w->record.tries++;
    if (!step_look(c)) {
        return false;
    }
    swap_note_step(w, SWAP_STEP_enter);
    if (!gate_close(&w->module->gate, c->patience_ms)) {
        swap_note_pause(w);
        c->outcome = SWAP_OCCUPIED;
        return false;
    }
    swap_note_step(w, SWAP_STEP_drain);
    if (!swap_reserve_suffices(&w->plan)) {
        gate_open(&w->module->gate);
        swap_note_pause(w);
        c->outcome = SWAP_RESERVE_MORE;
        return false;
    }
    c->outcome = SWAP_TRIED;
    return true;
}

/* Makes the new build serve, and starts it. On failure the old one serves. */
static portico_status step_start(const closed *c) {
    swap *w = c->w;
    generation *to = w->plan.to;
    if (module_generation(w->module) != to) {
        swap_publish(w, to);
    }
    bool returns = to == w->module->previous;
    portico_status status =
        swap_start(w->module, to, returns ? PORTICO_START_RETURNED : PORTICO_START_SWAPPED);
    if (status != PORTICO_OK) {
        snprintf(c->why, IMAGE_WHY_MAX, "its start failed: %s", status_text(status));
        atomic_store(&to->given_up, true);
        swap_publish(w, w->plan.from);
    }
    return status;
}

/* The old generation starts again. If it cannot, the module is frozen. */
static void step_back(const swap *w) {
    generation *from = w->plan.from;
    portico_status status = swap_start(w->module, from, PORTICO_START_RETURNED);
    if (status != PORTICO_OK) {
        log_error("modules", "%s: start of generation %u, which keeps serving, failed as well: %s",
                  w->module->name, from->number, status_text(status));
    }
    if (status == PORTICO_E_FAULT) {
        (void)fault_give_up(w->module, from);
    }
}

static void step_open(const closed *c) {
    swap *w = c->w;
    if (c->status == PORTICO_OK) {
        module_retire(w->module, w->plan.from);
        fault_thaw(w->module); /* the code that had faulted does not serve any more */
    }
    gate_open(&w->module->gate);
    swap_note_step(w, SWAP_STEP_open);
    swap_note_pause(w);
}

/* Makes the step `at`; returns the next one. On failure everything is as before when the gate
 * opens. [caller's thread] */
static uint32_t closed_step(void *arg, uint32_t at) {
    closed *c = arg;
    swap *w = c->w;
    switch ((step)at) {
    case STEP_CLOSE:
        if (!step_close(c)) {
            return CALLER_ROW_ENDS;
        }
        c->status = plan_check_empty(&w->plan, c->why);
        caller_allow(w->timeout_ms);
        return c->status == PORTICO_OK ? STEP_STOP : STEP_OPEN;
    case STEP_STOP:
        module_call_stop(w->module, w->plan.from, PORTICO_STOP_REPLACED);
        swap_note_step(w, SWAP_STEP_stop);
        return STEP_STATE;
    case STEP_STATE:
        c->status = take_module_state(w, c->why);
        swap_note_step(w, SWAP_STEP_state);
        break;
    case STEP_START:
        c->status = step_start(c);
        swap_note_step(w, SWAP_STEP_start);
        break;
    case STEP_BACK:
        step_back(w);
        swap_note_step(w, SWAP_STEP_start);
        return STEP_OPEN;
    case STEP_OPEN: step_open(c); return CALLER_ROW_ENDS;
    }
    if (c->status != PORTICO_OK) {
        caller_allow(w->timeout_ms); /* for the start of the old one */
        return STEP_BACK;
    }
    return at == STEP_STATE ? STEP_START : STEP_OPEN;
}

swap_outcome swap_try(swap *w, uint32_t patience_ms, portico_status *status,
                      char why[IMAGE_WHY_MAX]) {
    closed c = {.w = w, .patience_ms = patience_ms, .why = why};
    caller_row(closed_step, &c);
    *status = c.status;
    return c.outcome;
}

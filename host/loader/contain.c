/* contain.c: see contain.h. */
#include "loader/contain.h"

#include "base/status.h"
#include "loader/private.h"
#include "loader/publish.h"
#include "loader/swap.h"
#include "loader/swap_exchange.h"
#include "module/caller.h"
#include "module/fault_policy.h"
#include "net/ready.h"
#include "run/control.h"
#include "session/session.h"

#include <stdio.h>
#include <string.h>

enum { SWEEP_MS = 1000, BACK_TRIES = 10 };

static struct {
    control_command command;
    atomic_bool posted;  /* `command` is */
    atomic_bool again;   /* a roll-back is to be tried again */
    uint64_t timeout_ms; /* frozen_timeout_s; 0: none */
    uint64_t swept_ms;   /* of the sweep */
} containing;

/* ---- back to the generation before ----------------------------------------------------------- */

/* A module that is to be rolled back. */
typedef struct wanted {
    char name[TEXT_IDENTIFIER_MAX]; /* "": there is none */
    uint32_t number;                /* the generation that has faulted */
} wanted;

static void want_again(void *arg, module *m) {
    (void)arg;
    if (m->back_again != 0) {
        atomic_store(&m->rolls_back, m->back_again);
        m->back_again = 0;
    }
}

static void find_wanted(void *arg, module *m) {
    wanted *w = arg;
    if (w->name[0] == '\0') {
        w->number = atomic_exchange(&m->rolls_back, 0);
        if (w->number != 0) {
            memcpy(w->name, m->name, sizeof w->name);
        }
    }
}

/* Whether a roll-back that has failed so may succeed later. */
static bool may_pass(portico_status status) {
    return status == PORTICO_E_TIMEOUT || status == PORTICO_E_BACKLOG ||
           status == PORTICO_E_NO_MEMORY;
}

/* Unless the module has been swapped or thawed since, or the generation before has faulted, too. */
static void roll_back(const wanted *w) {
    char why[IMAGE_WHY_MAX];
    module *m = module_find(w->name);
    if (m == NULL) {
        return;
    }
    if (module_generation(m)->number != w->number || !gate_is_frozen(&m->gate)) {
        m->back_tries = 0;
        return;
    }
    if (!module_may_return(m)) {
        log_error(m->name,
                  "generation %u stays frozen: the generation before has faulted as well; build it "
                  "again, or run `portico ctl thaw %s`",
                  w->number, m->name);
        return;
    }
    portico_status status = swap_rollback(m->name, why);
    if (status == PORTICO_OK) {
        m->back_tries = 0;
        log_warn(m->name, "rolled back to generation %u, because generation %u has faulted",
                 module_generation(m)->number, w->number);
        (void)ready_update(); /* a failure is in the log */
    } else if (may_pass(status) && ++m->back_tries < BACK_TRIES) {
        m->back_again = w->number;
        atomic_store(&containing.again, true);
    } else {
        m->back_tries = 0;
        log_error(m->name, "generation %u stays frozen until its next build or ctl thaw: %s",
                  w->number, why);
    }
}

/* [control thread] */
static void contain_run(control_command *command) {
    (void)command;
    atomic_store(&containing.posted, false);
    wanted w = {0};
    module_table_each(want_again, NULL);
    do {
        memset(&w, 0, sizeof w);
        module_table_each(find_wanted, &w);
        if (w.name[0] != '\0' && !control_ending()) {
            roll_back(&w);
        }
    } while (w.name[0] != '\0');
}

/* A module has been frozen. Its command is in memory that stays, since the module may not. [any
 * thread of the host] */
static void contain_act(module *m, bool roll_back) {
    (void)m;
    if (roll_back && !atomic_exchange(&containing.posted, true)) {
        control_post(&containing.command);
    }
}

void contain_start(const config *c) {
    fault_limits limits = {.probation_ms = c->modules_probation_s * 1000,
                           .count = c->modules_fault_limit,
                           .window_ms = c->modules_fault_window_s * 1000};
    containing.command.run = contain_run;
    containing.timeout_ms = (uint64_t)c->modules_frozen_timeout_s * 1000;
    fault_policy_start(&limits, contain_act);
}

/* ---- thawing --------------------------------------------------------------------------------- */

/* The build was stopped for a swap that was undone, and its start faulted then. */
static portico_status start_again(module *m, char why[IMAGE_WHY_MAX]) {
    caller_allow(loader_config()->modules_swap_timeout_ms);
    portico_status status = swap_start(m, module_generation(m), PORTICO_START_RETURNED);
    if (status != PORTICO_OK) {
        snprintf(why, IMAGE_WHY_MAX, "its start failed: %s", status_text(status));
    }
    return status;
}

static portico_status thaw(module *m, char why[IMAGE_WHY_MAX]) {
    const generation *g = module_generation(m);
    if (!gate_is_frozen(&m->gate)) {
        snprintf(why, IMAGE_WHY_MAX, "%s is not frozen", m->name);
        return PORTICO_E_STATE;
    }
    if (g->lost) {
        snprintf(why, IMAGE_WHY_MAX,
                 "a call of generation %u has never returned, so it cannot serve again: swap in a "
                 "build",
                 g->number);
        return PORTICO_E_STATE;
    }
    /* A call that has just faulted still asks whether the module is frozen. */
    if (!gate_close(&m->gate, loader_config()->modules_swap_timeout_ms)) {
        snprintf(why, IMAGE_WHY_MAX, "a handler of it does not return");
        return PORTICO_E_TIMEOUT;
    }
    portico_status status = m->started ? PORTICO_OK : start_again(m, why);
    if (status == PORTICO_OK) {
        fault_forgive(m);
        fault_thaw(m);
    }
    gate_open(&m->gate);
    if (status == PORTICO_OK) {
        publish_revive(m);
        publish_follow(m);
        snprintf(why, IMAGE_WHY_MAX, "%s %s, generation %u, is thawed", m->name, g->version,
                 g->number);
    }
    return status;
}

portico_status contain_thaw(const char *name, char why[IMAGE_WHY_MAX]) {
    module *m = module_find(name);
    why[0] = '\0';
    if (m == NULL) {
        snprintf(why, IMAGE_WHY_MAX, "no module %s is loaded", name);
        return PORTICO_E_NOT_FOUND;
    }
    portico_status status = thaw(m, why);
    if (status == PORTICO_OK) {
        log_info("modules", "%s", why);
        module_note(m, "thawed", 0);
    } else {
        log_error("modules", "%s is not thawed: %s", name, why);
    }
    return status;
}

/* ---- the time limit -------------------------------------------------------------------------- */

typedef struct expiry {
    uint64_t now_ms;
    uint32_t count;
} expiry;

static void expire(void *arg, session *s) {
    expiry *e = arg;
    e->count += session_expire_frozen(s, e->now_ms, containing.timeout_ms);
}

void contain_sweep(uint64_t now_ms) {
    if (atomic_exchange(&containing.again, false) && !atomic_exchange(&containing.posted, true)) {
        control_post(&containing.command);
    }
    if (containing.timeout_ms == 0 || now_ms < containing.swept_ms + SWEEP_MS) {
        return;
    }
    containing.swept_ms = now_ms;
    if (module_find_frozen(NULL) == NULL) {
        return;
    }
    expiry e = {.now_ms = now_ms};
    sessions_each(expire, &e);
    if (e.count > 0) {
        log_warn("modules",
                 "%u sessions have waited for a frozen module for [modules] frozen_timeout_s = %u: "
                 "closed",
                 e.count, (uint32_t)(containing.timeout_ms / 1000));
    }
}

/* fault_policy.c: see fault_policy.h.
 *
 * WHY A FAULT OF AN OLD GENERATION FREEZES NOBODY
 *   job of g     under the lock: 1. finds that g serves    2. freezes the gate
 *   swap         a. makes another generation serve         b. under the lock: thaws the gate
 * Calls inside the gate have left it before a. A job is not inside: if it finds at 1 that g serves,
 * then 2 comes before b; otherwise it freezes nothing.
 */
#include "module/fault_policy.h"

#include <string.h>

static struct {
    os_mutex lock;
    fault_limits limits;
    void (*act)(module *m, bool roll_back);
} policy;

void fault_policy_start(const fault_limits *limits, void (*act)(module *m, bool roll_back)) {
    policy.limits = *limits;
    policy.act = act;
}

void fault_note(generation *g) {
    atomic_store(&g->faulted, true);
}

static void add_locked(generation *g, uint64_t now_ms) {
    memmove(&g->fault_ms[1], &g->fault_ms[0], sizeof g->fault_ms - sizeof g->fault_ms[0]);
    g->fault_ms[0] = now_ms > 0 ? now_ms : 1;
}

/* Whether the generation has used up its budget. */
static bool is_over_locked(const generation *g, uint64_t now_ms) {
    const fault_limits *l = &policy.limits;
    uint64_t first_ms = l->count > 0 ? g->fault_ms[l->count - 1] : 0;
    return now_ms < atomic_load(&g->probation_ms) + l->probation_ms ||
           (first_ms != 0 && now_ms - first_ms < l->window_ms);
}

/* Freezes the module because of the generation that serves. */
static void freeze_locked(module *m, generation *g, bool may_return) {
    g->judged = may_return ? FAULT_ROLLED_BACK : FAULT_FROZEN;
    if (may_return) {
        atomic_store(&m->rolls_back, g->number);
    }
    gate_freeze(&m->gate);
}

/* Whether faults of `g` can freeze the module. */
static bool is_judged_locked(const module *m, const generation *g) {
    return !m->leaves && g == module_generation(m);
}

static void act(module *m, bool roll_back) {
    if (policy.act != NULL) {
        policy.act(m, roll_back);
    }
}

fault_verdict fault_judge_at(module *m, generation *g, bool closable, uint64_t now_ms) {
    bool may_return = module_may_return(m);
    bool freezes = false;
    fault_verdict verdict = closable ? FAULT_CLOSED : FAULT_DROPPED;
    fault_note(g);
    os_mutex_lock(&policy.lock);
    add_locked(g, now_ms);
    if (is_judged_locked(m, g)) {
        freezes = g->judged == 0 && is_over_locked(g, now_ms);
        if (freezes) {
            freeze_locked(m, g, may_return);
        }
        verdict = g->judged != 0 ? (fault_verdict)g->judged : verdict;
    }
    os_mutex_unlock(&policy.lock);
    if (freezes) {
        act(m, may_return);
    }
    return verdict;
}

fault_verdict fault_judge(module *m, generation *g, bool closable) {
    return fault_judge_at(m, g, closable, os_monotonic_ms());
}

fault_verdict fault_give_up(module *m, generation *g) {
    bool may_return = module_may_return(m);
    fault_note(g);
    os_mutex_lock(&policy.lock);
    bool freezes = is_judged_locked(m, g) && g->judged == 0;
    if (freezes) {
        freeze_locked(m, g, may_return);
    }
    fault_verdict verdict = g->judged != 0 ? (fault_verdict)g->judged : FAULT_PASSED_OVER;
    os_mutex_unlock(&policy.lock);
    if (freezes) {
        act(m, may_return);
    }
    return verdict;
}

static void forget_locked(generation *g) {
    memset(g->fault_ms, 0, sizeof g->fault_ms);
    g->judged = 0;
}

void fault_forgive(module *m) {
    generation *g = module_generation(m);
    os_mutex_lock(&policy.lock);
    forget_locked(g);
    atomic_store(&g->faulted, false);
    atomic_store(&g->probation_ms, os_monotonic_ms());
    os_mutex_unlock(&policy.lock);
}

void fault_thaw(module *m) {
    generation *g = module_generation(m);
    os_mutex_lock(&policy.lock);
    forget_locked(g);
    if (atomic_load(&g->faulted)) {
        atomic_store(&g->probation_ms, os_monotonic_ms());
    }
    atomic_store(&m->rolls_back, 0);
    gate_thaw(&m->gate);
    os_mutex_unlock(&policy.lock);
}

bool fault_leave(module *m) {
    os_mutex_lock(&policy.lock);
    m->leaves = true;
    bool frozen = gate_is_frozen(&m->gate);
    os_mutex_unlock(&policy.lock);
    return frozen;
}

void fault_stay(module *m) {
    os_mutex_lock(&policy.lock);
    m->leaves = false;
    os_mutex_unlock(&policy.lock);
}

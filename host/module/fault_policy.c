/* fault_policy.c: see fault_policy.h. */
#include "module/fault_policy.h"

enum { BUDGET = 3 };

static void (*act_on)(module *m, bool roll_back);

void fault_policy_start(void (*act)(module *m, bool roll_back)) {
    act_on = act;
}

fault_verdict fault_judge(module *m, generation *g, bool closable) {
    (void)m;
    fault_note(g);
    return closable ? FAULT_CLOSED : FAULT_DROPPED;
}

void fault_note(generation *g) {
    atomic_store(&g->faulted, true);
}

void fault_forgive(module *m) {
    atomic_store(&module_generation(m)->faulted, false);
}

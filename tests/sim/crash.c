/* crash.c: see crash.h. */
#include "sim/crash.h"

#include "module/module.h"
#include "os/fault.h"
#include "sim/world.h"

#include <string.h>

enum { STEP_MS = 1000 };

static uint32_t rate;
static bool was;

void crash_rate(uint32_t one_in) {
    rate = one_in;
}

const char *crash_policy(void) {
    static const uint32_t rates[] = {5, 20, 100};
    static const uint32_t probation_s[] = {0, 1, 60};
    static const int32_t frozen_timeout_s[] = {-1, 0, 1, 60};
    static char keys[256];
    keys[0] = '\0';
    if (sim_chance(SIM_WORLD, 2)) {
        crash_rate(rates[sim_random(SIM_WORLD, 3)]);
        snprintf(keys, sizeof keys,
                 "probation_s = %u\nfault_limit = %u\nfault_window_s = %u\n"
                 "frozen_timeout_s = %d\nfrozen_backlog = %u\n",
                 probation_s[sim_random(SIM_WORLD, 3)], (uint32_t)sim_random(SIM_WORLD, 4),
                 1 + (uint32_t)sim_random(SIM_WORLD, 20),
                 frozen_timeout_s[sim_random(SIM_WORLD, 4)], (uint32_t)sim_random(SIM_WORLD, 3));
    }
    return keys;
}

bool crash_due(void) {
    return rate > 0 && sim_chance(SIM_WORLD, rate);
}

bool crash_was(void) {
    return was;
}

void crash_end(const char *const *modules) {
    static char answer[WORLD_ANSWER_BYTES];
    char line[64];
    rate = 0;
    os_sleep(was ? STEP_MS : 0); /* a fault may be under way */
    for (; was && *modules != NULL; modules++) {
        snprintf(line, sizeof line, "thaw %s", *modules);
        /* It is frozen, or the answer says that it is not; otherwise no answer came. */
        while (world_runs() && !world_ctl(line, answer) && strstr(answer, *modules) == NULL) {
            os_sleep(STEP_MS);
        }
    }
}

bool crash_may_lose(void) {
    sim_figures now;
    sim_look(&now);
    return was && now.faults_of[SIM_FAULT_MEMORY] > 0;
}

void crash(void *state, uint32_t size) {
    static const os_fault_kind kinds[] = {OS_FAULT_MEMORY, OS_FAULT_STACK, OS_FAULT_ARITHMETIC,
                                          OS_FAULT_ABORT, OS_FAULT_EXIT};
    uint8_t *bytes = state;
    for (uint32_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)sim_random(SIM_WORLD, 256);
    }
    was = true;
    os_guard_raise(kinds[sim_random(SIM_WORLD, sizeof kinds / sizeof kinds[0])], "");
    sim_fail("a fault of a module is not contained");
}

const struct module *crash_caller(void) {
    return module_current();
}

bool crash_is_dead(const struct module *m) {
    return (atomic_load(&m->gate.shut) & GATE_DEAD) != 0;
}

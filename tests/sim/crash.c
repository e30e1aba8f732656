/* crash.c: see crash.h. */
#include "sim/crash.h"

#include "module/module.h"
#include "os/fault.h"
#include "sim/world.h"

static uint32_t rate;
static bool was;

void crash_rate(uint32_t one_in) {
    rate = one_in;
}

bool crash_due(void) {
    return rate > 0 && sim_chance(SIM_WORLD, rate);
}

bool crash_was(void) {
    return was;
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

/* temper.c: what a seed makes of the simulated system. */
#include "private.h"

static uint64_t mix(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

#define CHOOSE(state, ...) \
    ((const uint32_t[]){   \
        __VA_ARGS__}[mix(state) % (sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))])

/* Often the host first starts in peace. */
static void choose_faults(sim_options *options, uint64_t *state) {
    options->faults[SIM_FAULT_MEMORY] = CHOOSE(state, 0, 10, 100, 1000);
    options->faults[SIM_FAULT_HANDLES] = CHOOSE(state, 0, 10, 100);
    options->faults[SIM_FAULT_NETWORK] = CHOOSE(state, 0, 10, 100, 1000);
    options->faults[SIM_FAULT_FILES] = CHOOSE(state, 0, 0, 10, 100);
    options->faults[SIM_FAULT_LIBRARY] = CHOOSE(state, 0, 4, 20);
    options->faults[SIM_FAULT_STALL] = CHOOSE(state, 0, 0, 100, 1000, 10000);
    options->faults[SIM_FAULT_CLOCK] = CHOOSE(state, 0, 3, 30);
    options->faults_from = CHOOSE(state, 0, 200, 1000, 3000);
}

/* A test must be able to say what happens within a millisecond, so the network takes no longer, and
 * the clock has no ticks. */
void testing_temper(sim_options *options, uint64_t seed, bool faults) {
    uint64_t state = seed ^ 0x74657374696e67;
    *options = (sim_options){.seed = seed, .call_switch = 64};
    if (seed > 1) {
        options->policy = mix(&state) % 3 == 0 ? SIM_POLICY_PRIORITY : SIM_POLICY_RANDOM;
        options->call_switch = CHOOSE(&state, 2, 8, 16, 64, 256);
        options->atomic_switch = CHOOSE(&state, 0, 8, 64, 512, 4096);
        options->latency_us = CHOOSE(&state, 0, 50, 1000);
        options->short_io = CHOOSE(&state, 0, 0, 2, 8);
        options->window_bytes = CHOOSE(&state, 0, 0, 300, 5000);
        options->wild = mix(&state) % 4 != 0;
        options->faults[SIM_FAULT_WAKE] = CHOOSE(&state, 0, 8, 64);
    }
    if (faults) {
        choose_faults(options, &state);
    }
}

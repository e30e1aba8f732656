/* options.c: see options.h. */
#include "sim/options.h"

#include "sim/counts.h"

#include <stdlib.h>
#include <string.h>

/* splitmix64, from the seed alone: independent of what the run draws. */
static uint64_t draw(uint64_t *state) {
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

#define CHOOSE(state, ...) \
    ((const uint32_t[]){   \
        __VA_ARGS__}[draw(state) % (sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))])

void options_from_seed(sim_options *options, uint64_t seed) {
    uint64_t state = seed ^ 0x706f727469636f;
    *options = (sim_options){.seed = seed};
    options->policy = draw(&state) % 3 == 0 ? SIM_POLICY_PRIORITY : SIM_POLICY_RANDOM;
    options->call_switch = CHOOSE(&state, 2, 8, 16, 64, 256);
    options->atomic_switch = CHOOSE(&state, 0, 8, 64, 512, 4096);
    options->latency_us = CHOOSE(&state, 0, 50, 1000, 20000, 300000);
    options->short_io = CHOOSE(&state, 0, 0, 2, 8);
    options->window_bytes = CHOOSE(&state, 0, 0, 16, 300, 5000);
    options->wild = draw(&state) % 4 != 0;
    options->clock_tick_us = CHOOSE(&state, 0, 0, 1000, 15625);
    options->faults[SIM_FAULT_WAKE] = CHOOSE(&state, 0, 8, 64);
    options->faults[SIM_FAULT_STALL] = CHOOSE(&state, 0, 0, 100, 1000, 10000);
    if (draw(&state) % 2 == 0) {
        options->faults[SIM_FAULT_MEMORY] = CHOOSE(&state, 0, 10, 100, 1000);
        options->faults[SIM_FAULT_HANDLES] = CHOOSE(&state, 0, 10, 100);
        options->faults[SIM_FAULT_NETWORK] = CHOOSE(&state, 0, 10, 100, 1000);
        options->faults[SIM_FAULT_FILES] = CHOOSE(&state, 0, 0, 10, 100);
        options->faults[SIM_FAULT_LIBRARY] = CHOOSE(&state, 0, 4, 20);
        /* Often the host first starts in peace. */
        options->faults_from = draw(&state) % 2 == 0 ? CHOOSE(&state, 200, 1000, 3000) : 0;
    }
}

/* "count.WHAT=N" */
static bool count_set(const char *assignment, size_t size) {
    char what[COUNT_NAME_BYTES] = "";
    const size_t skip = strlen("count.");
    if (size <= skip || size - skip >= sizeof what || strncmp(assignment, "count.", skip) != 0) {
        return false;
    }
    memcpy(what, assignment + skip, size - skip);
    return counts_limit(what, (uint32_t)strtoul(assignment + size + 1, NULL, 10));
}

bool options_set(sim_options *options, const char *assignment) {
    static sim_options o; /* only for the places of the fields */
    static const struct {
        const char *key;
        void *place;
        size_t size;
    } keys[] = {
        {"policy", &o.policy, sizeof o.policy},
        {"call_switch", &o.call_switch, sizeof o.call_switch},
        {"atomic_switch", &o.atomic_switch, sizeof o.atomic_switch},
        {"latency_us", &o.latency_us, sizeof o.latency_us},
        {"short_io", &o.short_io, sizeof o.short_io},
        {"window_bytes", &o.window_bytes, sizeof o.window_bytes},
        {"wild", &o.wild, sizeof o.wild},
        {"clock_tick_us", &o.clock_tick_us, sizeof o.clock_tick_us},
        {"handles", &o.handles, sizeof o.handles},
        {"faults_from", &o.faults_from, sizeof o.faults_from},
        {"faults_to", &o.faults_to, sizeof o.faults_to},
        {"calls_max", &o.calls_max, sizeof o.calls_max},
        {"faults.memory", &o.faults[SIM_FAULT_MEMORY], sizeof(uint32_t)},
        {"faults.handles", &o.faults[SIM_FAULT_HANDLES], sizeof(uint32_t)},
        {"faults.network", &o.faults[SIM_FAULT_NETWORK], sizeof(uint32_t)},
        {"faults.files", &o.faults[SIM_FAULT_FILES], sizeof(uint32_t)},
        {"faults.library", &o.faults[SIM_FAULT_LIBRARY], sizeof(uint32_t)},
        {"faults.stall", &o.faults[SIM_FAULT_STALL], sizeof(uint32_t)},
        {"faults.wake", &o.faults[SIM_FAULT_WAKE], sizeof(uint32_t)},
    };
    const char *equals = strchr(assignment, '=');
    size_t size = equals != NULL ? (size_t)(equals - assignment) : 0;
    if (size == 5 && strncmp(assignment, "trace", size) == 0) {
        options->trace = strcmp(equals, "=0") != 0 ? stdout : NULL;
        return true;
    }
    if (count_set(assignment, size)) {
        return true;
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (strlen(keys[i].key) == size && strncmp(keys[i].key, assignment, size) == 0) {
            uint64_t value = strtoull(equals + 1, NULL, 10);
            size_t offset = (size_t)((char *)keys[i].place - (char *)&o);
            memcpy((char *)options + offset, &value, keys[i].size); /* little endian */
            return true;
        }
    }
    fprintf(stderr, "%s: no such option; the options are trace, count.WHAT", assignment);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        fprintf(stderr, ", %s", keys[i].key);
    }
    fprintf(stderr, "\n");
    return false;
}

/* options.c: see options.h. */
#include "sim/options.h"

#include "sim/counts.h"
#include "support/wire.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define CHOOSE(state, ...) \
    ((const uint32_t[]){   \
        __VA_ARGS__}[wire_random(state) % (sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))])

void options_from_seed(sim_options *options, uint64_t seed) {
    uint64_t state = seed ^ 0x706f727469636f; /* apart from what the run draws */
    *options = (sim_options){.seed = seed};
    options->policy = wire_random(&state) % 3 == 0 ? SIM_POLICY_PRIORITY : SIM_POLICY_RANDOM;
    options->call_switch = CHOOSE(&state, 2, 8, 16, 64, 256);
    options->atomic_switch = CHOOSE(&state, 0, 8, 64, 512, 4096);
    options->latency_us = CHOOSE(&state, 0, 50, 1000, 20000, 300000);
    options->short_io = CHOOSE(&state, 0, 0, 2, 8);
    options->window_bytes = CHOOSE(&state, 0, 0, 16, 300, 5000);
    options->wild = wire_random(&state) % 4 != 0;
    options->clock_tick_us = CHOOSE(&state, 0, 0, 1000, 15625);
    options->faults[SIM_FAULT_WAKE] = CHOOSE(&state, 0, 8, 64);
    options->faults[SIM_FAULT_STALL] = CHOOSE(&state, 0, 0, 100, 1000, 10000);
    if (wire_random(&state) % 2 == 0) {
        options->faults[SIM_FAULT_MEMORY] = CHOOSE(&state, 0, 10, 100, 1000);
        options->faults[SIM_FAULT_HANDLES] = CHOOSE(&state, 0, 10, 100);
        options->faults[SIM_FAULT_NETWORK] = CHOOSE(&state, 0, 10, 100, 1000);
        options->faults[SIM_FAULT_FILES] = CHOOSE(&state, 0, 0, 10, 100);
        options->faults[SIM_FAULT_LIBRARY] = CHOOSE(&state, 0, 4, 20);
        /* Often the host first starts in peace. */
        options->faults_from = wire_random(&state) % 2 == 0 ? CHOOSE(&state, 200, 1000, 3000) : 0;
        options->faults[SIM_FAULT_CLOCK] = CHOOSE(&state, 0, 3, 30);
    }
}

typedef struct key {
    const char *name;
    size_t offset;
    size_t size;
} key;

#define KEY(name, field) \
    { name, offsetof(sim_options, field), sizeof((sim_options *)0)->field }

static const key keys[] = {
    KEY("policy", policy),
    KEY("call_switch", call_switch),
    KEY("atomic_switch", atomic_switch),
    KEY("latency_us", latency_us),
    KEY("short_io", short_io),
    KEY("window_bytes", window_bytes),
    KEY("wild", wild),
    KEY("clock_tick_us", clock_tick_us),
    KEY("handles", handles),
    KEY("calls_max", calls_max),
    KEY("faults.memory", faults[SIM_FAULT_MEMORY]),
    KEY("faults.handles", faults[SIM_FAULT_HANDLES]),
    KEY("faults.network", faults[SIM_FAULT_NETWORK]),
    KEY("faults.files", faults[SIM_FAULT_FILES]),
    KEY("faults.library", faults[SIM_FAULT_LIBRARY]),
    KEY("faults.stall", faults[SIM_FAULT_STALL]),
    KEY("faults.wake", faults[SIM_FAULT_WAKE]),
    KEY("faults.clock", faults[SIM_FAULT_CLOCK]),
    KEY("faults_from", faults_from),
    KEY("faults_to", faults_to),
    {0},
};

/* All systems are little endian. */
static uint64_t value_of(const sim_options *options, const key *k) {
    uint64_t value = 0;
    memcpy(&value, (const char *)options + k->offset, k->size);
    return value;
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

static bool refuse(const char *assignment) {
    fprintf(stderr, "%s: no such option; the options are trace, count.WHAT", assignment);
    for (const key *k = keys; k->name != NULL; k++) {
        fprintf(stderr, ", %s", k->name);
    }
    fprintf(stderr, "\n");
    return false;
}

bool options_set(sim_options *options, const char *assignment) {
    const char *equals = strchr(assignment, '=');
    if (equals == NULL) {
        return refuse(assignment);
    }
    size_t size = (size_t)(equals - assignment);
    if (size == 5 && strncmp(assignment, "trace", size) == 0) {
        options->trace = strcmp(equals, "=0") != 0 ? stdout : NULL;
        return true;
    }
    if (count_set(assignment, size)) {
        return true;
    }
    for (const key *k = keys; k->name != NULL; k++) {
        if (strlen(k->name) == size && strncmp(k->name, assignment, size) == 0) {
            uint64_t value = strtoull(equals + 1, NULL, 10);
            memcpy((char *)options + k->offset, &value, k->size);
            return true;
        }
    }
    return refuse(assignment);
}

bool options_set_all(sim_options *options, const char *assignments) {
    char one[64];
    int used = 0;
    while (sscanf(assignments, " %63s%n", one, &used) == 1) {
        if (!options_set(options, one)) {
            return false;
        }
        assignments += used;
    }
    return true;
}

void options_text(const sim_options *options, char *text, size_t size) {
    sim_options usual;
    size_t used = 0;
    text[0] = '\0';
    options_from_seed(&usual, options->seed);
    for (const key *k = keys; k->name != NULL && used < size; k++) {
        uint64_t value = value_of(options, k);
        if (value != value_of(&usual, k)) {
            used += (size_t)snprintf(text + used, size - used, "%s%s=%llu", used > 0 ? " " : "",
                                     k->name, (unsigned long long)value);
        }
    }
}

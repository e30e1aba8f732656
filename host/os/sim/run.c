/* run.c: see run.h and sim.h. */
#include "run.h"

#include <stdlib.h>

enum { HANDLES_MAX = 1000000 };

run_state run;

const char *const sim_fault_names[SIM_FAULT_KINDS] = {"memory",  "handles", "network", "files",
                                                      "library", "stall",   "wake",    "clock"};

static uint64_t sources[SIM_SOURCES];
static bool faults_paused;

/* ---- chance ------------------------------------------------------------------------------ */

/* splitmix64 (https://prng.di.unimi.it/splitmix64.c). */
static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void run_begin(const sim_options *options) {
    run.options = *options;
    run.now_ns = 1000000000;
    for (int i = 0; i < SIM_SOURCES; i++) {
        sources[i] = mix(options->seed * SIM_SOURCES + (uint64_t)i);
    }
}

uint64_t sim_random(sim_source source, uint64_t below) {
    sources[source] += 0x9e3779b97f4a7c15u;
    return mix(sources[source]) % below;
}

bool sim_chance(sim_source source, uint32_t times) {
    return times != 0 && sim_random(source, times) == 0;
}

void sim_stall(uint32_t ms) {
    run.now_ns += (uint64_t)ms * 1000000;
    run_note("", "stall", ms);
}

/* ---- figures ----------------------------------------------------------------------------- */

void run_note(const char *mark, const char *name, uint64_t value) {
    uint64_t hash = run.figures.hash ^ value;
    for (const char *c = name; *c != '\0'; c++) {
        hash = (hash ^ (uint8_t)*c) * 1099511628211u;
    }
    run.figures.hash = mix(hash ^ run.now_ns ^ ((uint64_t)run.thread->number << 48));
    if (run.options.trace != NULL) {
        fprintf(run.options.trace, "%14.6f %-12s %s%s %llu\n", (double)run.now_ns / 1e6,
                run.thread->name, mark, name, (unsigned long long)value);
    }
}

void sim_look(sim_figures *figures) {
    *figures = run.figures;
    figures->now_ns = run.now_ns;
}

void *run_alloc(size_t size) {
    void *block = calloc(1, size);
    if (block == NULL) {
        sim_fail("the simulation itself is out of memory");
    }
    return block;
}

/* ---- faults ------------------------------------------------------------------------------ */

void sim_fault_rate(sim_fault_kind kind, uint32_t one_in) {
    run.options.faults[kind] = one_in;
}

void sim_calls_succeed(void) {
    for (int kind = 0; kind < SIM_FAULT_STALL; kind++) {
        run.options.faults[kind] = 0;
    }
}

void sim_faults_pause(bool pause) {
    faults_paused = pause;
}

void sim_handles_limit(uint32_t handles) {
    run.options.handles = handles;
}

void sim_faults_end(void) {
    run.faults_ended = true;
    run.options.handles = 0;
}

void sim_spare_this_thread(bool spare) {
    run.thread->spared = spare;
}

bool fault_strikes(sim_fault_kind kind) {
    uint32_t one_in = run.options.faults[kind];
    if (one_in == 0 || faults_paused || run.faults_ended || run.in_event || run.thread == NULL ||
        run.thread->spared) {
        return false;
    }
    uint64_t point = ++run.figures.fault_points;
    bool strikes = sim_chance(SIM_FAULTS, one_in) && point >= run.options.faults_from &&
                   (run.options.faults_to == 0 || point <= run.options.faults_to);
    if (strikes) {
        run.figures.faults++;
        run.figures.faults_of[kind]++;
        run_note("FAULT ", sim_fault_names[kind], point);
    }
    return strikes;
}

portico_status fault_status(sim_fault_kind kind, const portico_status *failures) {
    uint64_t count = 0;
    while (failures[count] != PORTICO_OK) {
        count++;
    }
    return fault_strikes(kind) ? failures[sim_random(SIM_FAULTS, count)] : PORTICO_OK;
}

bool handle_take(void) {
    int64_t most = run.options.handles != 0 ? run.options.handles : HANDLES_MAX;
    bool spared = run.thread->spared && !run.in_event;
    bool free_one = spared || run.figures.handles < most;
    run.figures.handles += free_one;
    run.figures.faults += !free_one;
    return free_one;
}

void handle_give_back(void) {
    run.figures.handles--;
}

portico_status shortage(void) {
    static const portico_status shortages[] = {PORTICO_E_NO_MEMORY, PORTICO_E_NO_HANDLES, 0};
    return fault_status(SIM_FAULT_MEMORY, shortages);
}

portico_status handle_fault(void) {
    if (fault_strikes(SIM_FAULT_MEMORY)) {
        return PORTICO_E_NO_MEMORY;
    }
    return fault_strikes(SIM_FAULT_HANDLES) ? PORTICO_E_NO_HANDLES : PORTICO_OK;
}

portico_status handle_new(void) {
    portico_status status = handle_fault();
    return status == PORTICO_OK && !handle_take() ? PORTICO_E_NO_HANDLES : status;
}

portico_status handle_for_now(void) {
    portico_status status = handle_new();
    if (status == PORTICO_OK) {
        handle_give_back();
    }
    return status;
}

#ifdef PORTICO_SIM_TSAN

/* Called by the thread sanitizer at its start. It takes an allocation for a write: without this, it
 * would report the simulation's own memory, which another thread frees (races.h). */
const char *__tsan_default_suppressions(void); /* NOLINT(bugprone-reserved-identifier) */
const char *__tsan_default_suppressions(void) {
    return "race:^run_alloc$";
}

#endif

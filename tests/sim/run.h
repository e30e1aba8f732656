/* run.h: runs a scenario with a seed, in this process or in one of its own, and tells how it ended.
 *
 * On Linux the process of its own is a fork of this one, which has one thread: nothing is loaded or
 * relocated again. Elsewhere it is another process of this executable. One thread. */
#ifndef TEST_RUN_H
#define TEST_RUN_H

#include "os/sim/sim.h"
#include "sim/counts.h"
#include "support/scenario.h"

enum { RUN_OPTIONS_BYTES = 1024, RUN_FAILURE_BYTES = 240 };

typedef struct run_spec {
    const scenario *scenario;
    uint64_t seed;
    char options[RUN_OPTIONS_BYTES]; /* "KEY=VALUE KEY=VALUE": options.h */
} run_spec;

typedef struct run_result {
    bool passed;
    char failure[RUN_FAILURE_BYTES]; /* the same for all runs that fail in the same way */
    sim_figures figures;             /* at the end or at the failure; hash to fault_points */
    limited counts[COUNTS_MAX];
    uint32_t count;
    uint64_t real_us;
    uint64_t cpu_us; /* where forks are; else real_us */
} run_result;

/* Before all else, with main's argv[0]. `limit_s` is how long, in real time, a run may take. */
void run_init(const char *executable, uint32_t limit_s);

/* Runs in this process. False: there is no such option; nothing has run. */
bool run_here(const run_spec *spec);

/* Runs in a process of its own. */
void run_apart(const run_spec *spec, run_result *result);

/* The same with all that a new process has new: its memory is elsewhere. */
void run_anew(const run_spec *spec, run_result *result);

/* main's argv[0]. */
const char *run_executable(void);

/* The output of the last run in a process of its own; valid up to the next run. */
const char *run_output(void);

#endif

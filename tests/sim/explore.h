/* explore.h: runs scenarios with many seeds, keeps and shrinks those that fail, and counts. */
#ifndef TEST_EXPLORE_H
#define TEST_EXPLORE_H

#include "sim/run.h"

typedef struct explore_options {
    const scenario *only; /* NULL: all scenarios, for the same time each */
    uint64_t first_seed;  /* 0: from PORTICO_SEED in the environment, else from the clock */
    uint32_t seeds;       /* of each scenario, at most; 0: any number */
    uint32_t seconds;     /* 0: until `seeds` are done */
    uint32_t jobs;        /* processes at once, each with seeds of its own; 0: 1 */
    const char *totals;   /* receives a line for each scenario; NULL: none */
    const char *fixed;    /* KEY=VALUE ... that all runs have; NULL: none */
} explore_options;

/* Prints failures as they come, and a table. Returns how many runs have failed. */
uint64_t explore(const explore_options *options);

/* Fails exactly the first fault point of the kind, the second, and so on, or with `onwards` also
 * the next few hundred, until a run meets no fault or the time is over. Not all of them: a host
 * without any memory cannot stop in peace. Returns how many runs have failed. */
uint64_t explore_each_fault(const run_spec *spec, sim_fault_kind kind, bool onwards,
                            const explore_options *options);

#endif

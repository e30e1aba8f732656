/* shrink.h: looks for a smaller run that fails in the same way: with a smaller world, fewer kinds
 * of faults, fewer faults, a calmer network, fewer switches. One thread. */
#ifndef TEST_SHRINK_H
#define TEST_SHRINK_H

#include "sim/run.h"

/* `failure` is what run_apart says of `found`. Writes the smallest run it finds within the seconds,
 * which may be `found` itself, and how it ends. */
void shrink(const run_spec *found, const run_result *failure, uint32_t seconds, run_spec *smallest,
            run_result *result);

#endif

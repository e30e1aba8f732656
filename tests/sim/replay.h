/* replay.h: runs the seeds of a scenario that must always pass: those that once found a defect, a
 * few that never change, and a few new ones. */
#ifndef TEST_REPLAY_H
#define TEST_REPLAY_H

#include "sim/run.h"

/* Runs the seeds in seeds/SCENARIO.txt of the folder, the seeds 1 to `fixed`, and `fresh` seeds
 * from the clock. Returns how many have failed. */
uint64_t replay(const scenario *s, const char *folder, uint32_t fixed, uint32_t fresh);

/* Runs the seeds 1 to `seeds` twice, the second time with memory elsewhere, and compares the
 * hashes. Returns how many differ. */
uint64_t replay_twice(const scenario *s, uint32_t seeds);

#endif

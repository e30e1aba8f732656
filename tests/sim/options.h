/* options.h: the temper of the simulated system: chosen by the seed, so that some runs have much of
 * one thing and none of another, and changed by hand or by the shrinker. */
#ifndef TEST_OPTIONS_H
#define TEST_OPTIONS_H

#include "os/sim/sim.h"

void options_from_seed(sim_options *options, uint64_t seed);

/* Changes one option: "faults.memory=0", "latency_us=100", "trace=1"; "count.clients=1" limits a
 * count of the scenario's (world_count). False: it has said that there is no such option. */
bool options_set(sim_options *options, const char *assignment);

/* Changes several, separated by spaces. */
bool options_set_all(sim_options *options, const char *assignments);

/* Writes what differs from what the seed chooses, as "KEY=VALUE KEY=VALUE"; counts are not among
 * it. */
void options_text(const sim_options *options, char *text, size_t size);

#endif

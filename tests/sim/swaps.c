/* Modules with state are swapped, rolled back and refused while clients play: builds of every
 * shape, handlers that take longer than a swap waits, dependents that do not agree, files that
 * change under the eyes of the watcher.
 *
 * All kinds of faults strike. */
#include "sim/cast.h"

#include "support/scenario.h"

enum { CLIENTS = 4, ROUNDS = 3, STOP_TIMEOUT_MS = 600000 };

SCENARIO(swaps) {
    cast_begin(sim_chance(SIM_WORLD, 2));
    bool serves = cast_start(sim_chance(SIM_WORLD, 4), STOP_TIMEOUT_MS);
    cast_run(serves ? CLIENTS : 0, ROUNDS, CAST_SWAPS | CAST_KICKS);
    cast_end(serves);
}

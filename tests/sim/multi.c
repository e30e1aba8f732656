/* Several modules join one session type. They are loaded, unloaded, swapped and rolled back in any
 * order while clients play with all of them: on_open and on_close come in the owner's order, each
 * module keeps its own state, and packets of opcodes whose module has gone reach the owner. Where
 * stop_timeout_ms is short, unloads fail because of handlers that take longer.
 *
 * All kinds of faults strike. */
#include "sim/cast.h"

#include "support/scenario.h"

enum { CLIENTS = 4, ROUNDS = 4, PATIENT_MS = 600000, IMPATIENT_MS = 50 };

SCENARIO(multi) {
    uint32_t commands = CAST_LOADS | (sim_chance(SIM_WORLD, 2) ? CAST_SWAPS | CAST_KICKS : 0);
    cast_begin(true);
    bool impatient = sim_chance(SIM_WORLD, 3);
    sim_faults_pause(impatient); /* a start that fails gives up on what a fault delays for longer */
    bool serves = cast_start(false, impatient ? IMPATIENT_MS : PATIENT_MS);
    sim_faults_pause(false);
    cast_run(serves ? CLIENTS : 0, ROUNDS, commands);
    cast_end(serves);
}

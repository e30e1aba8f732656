/* Several modules join one session type. They are loaded, unloaded, swapped and rolled back in any
 * order while clients play with all of them: on_open and on_close come in the owner's order, each
 * module keeps its own state, and packets of opcodes whose module has gone reach the owner. Where
 * stop_timeout_ms is short, unloads fail because of handlers that take longer.
 *
 * All kinds of faults strike. */
#include "sim/cast.h"
#include "sim/witness.h"

#include "support/scenario.h"

enum { CLIENTS = 4, ROUNDS = 4, PATIENT_MS = 600000, IMPATIENT_MS = 50 };

static uint32_t clients_left;
static uint32_t rounds;

static void client_main(void *arg) {
    (void)arg;
    for (uint32_t i = 0; i < rounds; i++) {
        os_sleep(world_random(200));
        cast_play();
    }
    clients_left--;
}

SCENARIO(multi) {
    os_thread *threads[CLIENTS] = {NULL};
    uint32_t commands = CAST_LOADS | (sim_chance(SIM_WORLD, 2) ? CAST_SWAPS | CAST_KICKS : 0);
    cast_begin(true);
    bool serves = cast_start(false, sim_chance(SIM_WORLD, 3) ? IMPATIENT_MS : PATIENT_MS);
    uint32_t clients = serves ? world_count("clients", CLIENTS) : 0;
    rounds = world_count("rounds", ROUNDS);
    clients_left = clients;
    for (uint32_t i = 0; i < clients; i++) {
        threads[i] = world_thread("client", client_main, NULL);
    }
    while (clients_left > 0) {
        os_sleep(1 + world_random(60));
        cast_administrate(commands);
    }
    for (uint32_t i = 0; i < clients; i++) {
        os_thread_join(threads[i]);
    }
    sim_faults_end();
    if (serves) {
        cast_recover();
        witness_quiet();
    }
    int code = world_stop();
    CHECK(code == (serves ? 0 : 1));
    witness_end();
}

/* Modules with state are swapped, rolled back and refused while clients play: builds of every
 * shape, handlers that take longer than a swap waits, dependents that do not agree, files that
 * change under the eyes of the watcher.
 *
 * All kinds of faults strike. */
#include "sim/cast.h"
#include "sim/witness.h"

#include "support/scenario.h"

enum { CLIENTS = 4, ROUNDS = 3, STOP_TIMEOUT_MS = 600000 };

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

SCENARIO(swaps) {
    os_thread *threads[CLIENTS] = {NULL};
    cast_begin(sim_chance(SIM_WORLD, 2));
    bool serves = cast_start(sim_chance(SIM_WORLD, 4), STOP_TIMEOUT_MS);
    uint32_t clients = serves ? world_count("clients", CLIENTS) : 0;
    rounds = world_count("rounds", ROUNDS);
    clients_left = clients;
    for (uint32_t i = 0; i < clients; i++) {
        threads[i] = world_thread("client", client_main, NULL);
    }
    while (clients_left > 0) {
        os_sleep(1 + world_random(60));
        cast_administrate(CAST_SWAPS | CAST_KICKS);
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

/* A stop at any moment: the call of the seam at which it comes is drawn from all calls of a run, so
 * that it strikes during the start, a swap, a load, an unload, a close, or a stop that is under
 * way. By signal, by a second signal, by `ctl stop`; hang-ups come in between. Clients play and an
 * administrator works until nothing answers.
 *
 * All kinds of faults strike. Where stop_timeout_ms is short, no thread stalls: the host rightly
 * gives up on a handler that does not return in time. */
#include "sim/cast.h"
#include "sim/witness.h"

#include "support/scenario.h"

enum { CLIENTS = 3, ROUNDS = 8, PATIENT_MS = 600000, IMPATIENT_MS = 3000, STEP_MS = 100 };

typedef enum stop_kind { STOP_SIGNAL, STOP_TWICE, STOP_COMMAND, STOP_KINDS } stop_kind;

static bool over;    /* nobody needs to be stopped any more */
static bool stopped; /* stopper_main has returned */

/* Waits for the moment. False: the run has ended first. */
static bool await(uint64_t call) {
    while (!over) {
        if (sim_await_call(call, STEP_MS)) {
            return true;
        }
    }
    return false;
}

static void stop_now(stop_kind kind) {
    if (kind == STOP_COMMAND) {
        (void)world_ctl("stop --no-wait", NULL);
        return;
    }
    if (world_signal_stop() && kind == STOP_TWICE) {
        os_sleep(world_random(1000));
        world_may_exit(true); /* if the first signal was long ago */
        (void)world_signal_stop();
    }
}

static void stopper_main(void *arg) {
    /* A run has up to 10,000 calls; its start has 200 to 2,000. */
    uint64_t call = 1 + sim_random(SIM_WORLD, sim_chance(SIM_WORLD, 3) ? 1000 : 10000);
    if ((stop_kind)(uintptr_t)arg == STOP_COMMAND) {
        call += 100; /* world_start has counted the handles by then */
    }
    uint64_t hang_up = sim_random(SIM_WORLD, 2) * sim_random(SIM_WORLD, call);
    if (hang_up > 0 && await(hang_up)) {
        sim_hang_up_signal();
    }
    if (await(call)) {
        stop_now((stop_kind)(uintptr_t)arg);
    }
    stopped = true;
}

SCENARIO(stop) {
    uint32_t stop_timeout_ms = sim_chance(SIM_WORLD, 4) ? IMPATIENT_MS : PATIENT_MS;
    if (stop_timeout_ms == IMPATIENT_MS) {
        sim_fault_rate(SIM_FAULT_STALL, 0);
    }
    cast_begin(sim_chance(SIM_WORLD, 2));
    os_thread *stopper =
        world_thread("stopper", stopper_main, (void *)(uintptr_t)sim_random(SIM_WORLD, STOP_KINDS));
    bool serves = cast_start(sim_chance(SIM_WORLD, 4), stop_timeout_ms);
    cast_run(serves ? CLIENTS : 0, ROUNDS, CAST_SWAPS | CAST_LOADS | CAST_KICKS);
    over = true;
    while (!stopped) {
        os_sleep(STEP_MS);
    }
    int code = world_stop();
    os_thread_join(stopper); /* now: world_stop counts handles, and the thread was there first */
    CHECK(code == 0 || !serves);
    witness_end();
}

/* Threads enter and leave a gate (host/module/gate.h) while another closes and opens it: nobody is
 * inside a closed gate, and nobody waits at an open one. No host runs, so a second tries thousands
 * of interleavings. */
#include "module/gate.h"
#include "sim/world.h"

#include "support/scenario.h"

enum { CALLERS = 4, CLOSES = 400, SLEEPS = 8, PATIENCE_MS = 20 };

static gate door;
static bool closed;
static uint32_t inside;
static uint32_t sleeps_left = SLEEPS; /* each costs thousands of calls of the others */
static bool over;

static void take_time(void) {
    for (uint32_t i = world_random(3); i > 0; i--) {
        sim_yield();
    }
}

static void caller_main(void *arg) {
    (void)arg;
    sim_spare_this_thread(false);
    while (!over) {
        while (gate_enter(&door) != GATE_PASSED) {
            os_sleep(1); /* it was closed for longer than a caller waits */
        }
        CHECK(!closed);
        inside++;
        take_time();
        if (sleeps_left > 0 && world_random(64) == 0) {
            sleeps_left--;
            os_sleep(1); /* longer than a closer spins */
        }
        CHECK(!closed);
        inside--;
        gate_leave(&door);
        take_time();
    }
}

static void close_and_open(void) {
    if (gate_close(&door, world_random(2) * world_random(PATIENCE_MS))) {
        CHECK(inside == 0);
        closed = true;
        take_time();
        closed = false;
        gate_open(&door);
    }
    CHECK(gate_is_open(&door));
    take_time();
}

SCENARIO(gate) {
    os_thread *threads[CALLERS] = {NULL};
    uint32_t callers = world_count("callers", CALLERS);
    uint32_t closes = world_count("closes", CLOSES);
    for (uint32_t i = 0; i < callers; i++) {
        threads[i] = world_thread("caller", caller_main, NULL);
    }
    sim_fault_rate(SIM_FAULT_STALL, 0); /* the others would run on and on */
    sim_spare_this_thread(false);
    for (uint32_t i = 0; i < closes; i++) {
        close_and_open();
    }
    over = true;
    for (uint32_t i = 0; i < callers; i++) {
        os_thread_join(threads[i]);
    }
}

/* Somebody sets the wall clock, forwards and back; a thread stalls between two of its atomic
 * operations. The monotonic clock ignores the first, and advances faster for a thread that
 * spins. */
#include "faults.h"

enum { TRIES = 2000, SECOND_MS = 1000 };

static void check_wall(void) {
    uint32_t back = 0;
    uint32_t on = 0;
    uint64_t last_ns = os_monotonic_ns();
    uint64_t last_ms = os_wall_ms();
    for (int i = 0; i < TRIES; i++) {
        uint64_t now_ms = os_wall_ms();
        uint64_t now_ns = os_monotonic_ns();
        back += now_ms < last_ms;
        on += now_ms > last_ms + SECOND_MS;
        CHECK(now_ns > last_ns && now_ns - last_ns < SECOND_MS * 1000000ull);
        last_ms = now_ms;
        last_ns = now_ns;
    }
    CHECK(back > 0 && on > 0);
}

/* The simulated time passes although nothing is called. */
static void check_atomics(void) {
    static atomic_uint any;
    sim_figures before;
    sim_figures now;
    sim_look(&before);
    for (int i = 0; i < TRIES; i++) {
        atomic_fetch_add(&any, 1);
    }
    sim_look(&now);
    CHECK_INT(now.calls, before.calls);
    CHECK(now.faults_of[SIM_FAULT_STALL] > before.faults_of[SIM_FAULT_STALL]);
    CHECK(now.now_ns > before.now_ns + 1000000);
}

/* A thread that waits for the clock by reading it does not need millions of calls. */
static void check_spin(void) {
    sim_figures before;
    sim_figures now;
    uint64_t until_ns = os_monotonic_ns() + SECOND_MS * 1000000ull;
    sim_look(&before);
    while (os_monotonic_ns() < until_ns) {
    }
    sim_look(&now);
    CHECK(now.calls - before.calls < 10 * TRIES);
}

SCENARIO(time) {
    sim_fault_rate(SIM_FAULT_STALL, 0);
    check_wall();
    check_spin();
    sim_fault_rate(SIM_FAULT_STALL, 2);
    check_atomics();
}

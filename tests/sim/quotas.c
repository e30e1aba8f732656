/* Quotas without a host: threads take and give at the same time, and never have more than the limit
 * together. No fault strikes. */
#include "run/quota.h"
#include "sim/world.h"

#include "support/scenario.h"

enum { THREADS = 3, ROUNDS = 200, LIMIT = 10 };
enum { OFTEN = 2 }; /* atomic operations hand on: one in this many */

static quota *shared;
static uint64_t held; /* by all threads together: only one of them runs at a time */

static void take_and_give(void *arg) {
    (void)arg;
    for (uint32_t round = world_count("rounds", ROUNDS); round > 0; round--) {
        uint64_t amount = 1 + world_random(LIMIT);
        if (quota_take(shared, QUOTA_ROOMS, amount)) {
            held += amount;
            if (held > LIMIT) {
                sim_fail("%u are taken of %u", (unsigned)held, LIMIT);
            }
            (void)quota_look(shared, QUOTA_ROOMS); /* hands on, perhaps */
            held -= amount;
            quota_give(shared, QUOTA_ROOMS, amount);
        }
    }
}

SCENARIO(quotas) {
    os_thread *threads[THREADS];
    const uint64_t limits[QUOTA_KINDS] = {[QUOTA_ROOMS] = LIMIT};
    sim_atomic_rate(OFTEN);
    quotas_start(limits);
    shared = quota_of("greedy");
    CHECK(shared != NULL);
    for (int i = 0; i < THREADS; i++) {
        threads[i] = world_thread("taker", take_and_give, NULL);
    }
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
    }
    CHECK(quota_look(shared, QUOTA_ROOMS).used == 0);
    quotas_fini();
}

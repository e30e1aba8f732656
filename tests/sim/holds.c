/* Threads release what a swap or an unload waits for: the states of a generation, the holds of a
 * module. The thread that waits learns at once that the last one is gone, and may then free it. No
 * host runs. */
#include "module/module.h"
#include "sim/world.h"

#include "support/scenario.h"

enum { HOLDERS = 3, ROUNDS = 400, PATIENCE_MS = 60000, SOON_MS = PATIENCE_MS / 2 };

static generation current;
static module holder;
static os_mutex lock;
static os_cond changed;
static uint32_t given;    /* rounds that have begun; guarded by the lock, as the next */
static uint32_t returned; /* threads that have ended this round */

static void take_time(void) {
    for (uint32_t i = world_random(4); i > 0; i--) {
        sim_yield();
    }
}

static void add_one(uint32_t *count) {
    os_mutex_lock(&lock);
    ++*count;
    os_cond_wake_all(&changed);
    os_mutex_unlock(&lock);
}

static void wait_until(const uint32_t *count, uint32_t reached) {
    os_mutex_lock(&lock);
    while (*count < reached) {
        os_cond_wait(&changed, &lock, UINT32_MAX);
    }
    os_mutex_unlock(&lock);
}

static void holder_main(void *arg) {
    uint32_t rounds = *(const uint32_t *)arg;
    for (uint32_t round = 1; round <= rounds; round++) {
        wait_until(&given, round);
        take_time();
        generation_release_state(&current);
        take_time();
        module_release(&holder);
        add_one(&returned);
    }
}

/* As a staged generation that does not come to serve, and a module that is unloaded. */
static void wait_for_all(uint32_t holders) {
    while (!generation_is_alone(&current)) {
        sim_yield();
    }
    CHECK(atomic_load(&current.states) == 0); /* it may be free now */
    uint64_t since_ms = os_monotonic_ms();
    CHECK(module_wait_released(&holder, PATIENCE_MS));
    CHECK(os_monotonic_ms() - since_ms < SOON_MS);
    wait_until(&returned, holders);
}

SCENARIO(holds) {
    os_thread *threads[HOLDERS] = {NULL};
    uint32_t holders = world_count("holders", HOLDERS);
    uint32_t rounds = world_count("rounds", ROUNDS);
    generation_hold(&current);
    for (uint32_t i = 0; i < holders; i++) {
        threads[i] = world_thread("holder", holder_main, &rounds);
    }
    for (uint32_t round = 0; round < rounds; round++) {
        returned = 0;
        for (uint32_t i = 0; i < holders; i++) {
            generation_hold_state(&current);
            module_hold(&holder);
        }
        add_one(&given);
        wait_for_all(holders);
    }
    for (uint32_t i = 0; i < holders; i++) {
        os_thread_join(threads[i]);
    }
}

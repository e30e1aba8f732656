/* running_fate.c: a call that has faulted, and one that is given up: the first of the two threads
 * that want to end it succeeds, and only that one. */
#include "module/running.h"

#include "os/os.h"
#include "support/check.h"

enum { ROUNDS = 500 };

static running *raced;
static atomic_uint begun;    /* rounds */
static atomic_uint ended;    /* rounds, of the other thread */
static atomic_bool given_up; /* the other thread has won the round */

static void give_up(void *arg) {
    (void)arg;
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        while (atomic_load(&begun) < i) {
        }
        atomic_store(&given_up, running_abandon(raced));
        atomic_store(&ended, i);
    }
}

static void race(void) {
    os_thread *other = NULL;
    raced = &running_now;
    CHECK_INT(os_thread_start(&other, "other", give_up, NULL), PORTICO_OK);
    for (uint32_t i = 1; i <= ROUNDS; i++) {
        atomic_store(&begun, i);
        for (volatile uint32_t wait = 0; wait < i % 64; wait++) {
        }
        bool settles = running_settle();
        while (atomic_load(&ended) < i) {
        }
        CHECK(settles != atomic_load(&given_up));
        CHECK(running_is_abandoned(raced) == !settles);
        running_settled(); /* the next round's call */
    }
    os_thread_join(other);
}

SCENARIO(running_fate) {
    CHECK(running_settle());
    CHECK(!running_abandon(&running_now)); /* its states are being restored */
    CHECK(!running_is_abandoned(&running_now));
    running_settled();
    CHECK(running_abandon(&running_now));
    CHECK(running_is_abandoned(&running_now));
    CHECK(!running_settle()); /* its states may serve another generation */
    running_settled();
    race();
}

/* request_race.c: several threads ask places that reply at once, later, never or not at all, and
 * that end at any moment, with timeouts that are due at the same time. Each request has one answer.
 * The sanitizers look for uses after free. */
#include "os/os.h"
#include "run/timer.h"
#include "run/worker.h"

#include "support/check.h"
#include "support/clock.h"

#include "support/asking.h"

enum { THREADS = 4, ROUNDS = 4000, RENEW_ROUNDS = 20, WAIT_MS = 20000 };

static os_port *port;
static _Atomic uint64_t shared[THREADS]; /* the place of each thread, asked by all */
static atomic_uint answers;
static atomic_uint replies;

static uint32_t dice(uint32_t *state, uint32_t sides) {
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % sides;
}

static void race(void *arg) {
    uint32_t own = *(const uint32_t *)arg;
    uint32_t random = own;
    asker *a = asker_new(port);
    asker *leaving = asker_new(port); /* ends with requests that have no answer */
    asked *p = asked_new(port);
    atomic_store(&shared[own], p->base.base.id);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        uint64_t to = atomic_load(&shared[dice(&random, THREADS)]);
        asker_ask(a, to, (uint8_t)dice(&random, ASK_KINDS), dice(&random, 4));
        asker_ask(leaving, to, (uint8_t)dice(&random, ASK_KINDS), dice(&random, 4));
        asking_reply_later(p, dice(&random, LATER_MAX));
        if (dice(&random, 16) == 0) {
            clock_sleep_ms(1); /* what follows races with what is due now */
        }
        if (round % RENEW_ROUNDS == 0) {
            asked_end(p);
            requests_end(&leaving->base.base);
            entity_release(&leaving->base.base);
            leaving = asker_new(port);
            p = asked_new(port);
            atomic_store(&shared[own], p->base.base.id);
        }
    }
    for (uint64_t until = clock_now_ms() + WAIT_MS; asker_waits(a);) {
        CHECK(clock_now_ms() < until);
        clock_sleep_ms(1);
    }
    atomic_fetch_add(&answers, a->answered_count);
    atomic_fetch_add(&replies, asker_end(a));
    requests_end(&leaving->base.base);
    entity_release(&leaving->base.base);
    asked_end(p);
}

SCENARIO(request_race) {
    os_thread *threads[THREADS];
    uint32_t numbers[THREADS];
    CHECK_INT(os_port_create(&port), PORTICO_OK);
    CHECK_INT(timers_start(port), PORTICO_OK);
    CHECK_INT(workers_start(port, 2), PORTICO_OK);
    for (uint32_t i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK_INT(os_thread_start(&threads[i], "race", race, &numbers[i]), PORTICO_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
    }
    CHECK(atomic_load(&replies) > 0 && atomic_load(&replies) < atomic_load(&answers));
    CHECK_INT(requests_count(), 0);
    timers_stop();
    timers_fini();
    workers_stop();
    requests_fini();
    entity_table_fini();
    os_port_destroy(port);
    printf("%u answers, %u of them replies\n", atomic_load(&answers), atomic_load(&replies));
}

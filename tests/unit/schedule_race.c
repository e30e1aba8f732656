/* schedule_race.c: several threads start and cancel schedules while the timers thread posts them,
 * workers take their messages, and their entities end. A one-shot schedule either fires or is
 * cancelled, never both and never neither, and at the end none is left. The sanitizers look for
 * uses after free. */
#include "os/os.h"
#include "run/message.h"
#include "run/schedule.h"
#include "run/timer.h"
#include "run/worker.h"

#include "support/check.h"
#include "support/place.h"

#include <stdatomic.h>

enum {
    THREADS = 4,
    ROUNDS = 4000,
    KEPT = 16,
    RENEW_ROUNDS = 50,
    ONCE = 1,
    EVERY = 2,
    WAIT_MS = 20000
};

static os_port *port;
static place *steady; /* there all the time: what is for it once must come, or be cancelled */
static atomic_uint started;
static atomic_uint cancelled;
static atomic_uint came;
static atomic_uint came_again;

static void on_message(work *w) {
    message *m = (message *)w;
    if (m->id == ONCE) {
        atomic_fetch_add(&came, 1);
    } else {
        (void)m->from->delivered(m->from);
        m->from = NULL;
        atomic_fetch_add(&came_again, 1);
    }
    message_free(m);
}

static place *place_new(void) {
    place *p = place_create(sizeof *p, port, on_message);
    CHECK(p != NULL);
    return p;
}

static uint32_t dice(uint32_t *state, uint32_t sides) {
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % sides;
}

static uint64_t start_once(uint32_t delay_ms) {
    const schedule_owner nobody = {0};
    uint64_t number = 0;
    CHECK_INT(schedule_start(steady->base.id, &nobody, ONCE, "once", 4, delay_ms, 0, &number),
              PORTICO_OK);
    atomic_fetch_add(&started, 1);
    return number;
}

static void pause_1_ms(void) {
    os_mutex lock = {0};
    os_cond never = {0};
    os_mutex_lock(&lock);
    os_cond_wait(&never, &lock, 1);
    os_mutex_unlock(&lock);
}

static void race(void *arg) {
    uint64_t once[KEPT] = {0};
    uint64_t every[KEPT] = {0};
    uint32_t random = *(const uint32_t *)arg;
    place *own = place_new();
    const schedule_owner of_steady = {.entity = steady->base.id};
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t i = dice(&random, KEPT);
        atomic_fetch_add(&cancelled, schedule_cancel(once[i]) == PORTICO_OK);
        once[i] = start_once(dice(&random, 3));
        (void)schedule_cancel(every[i]); /* its place may have gone, and it with it */
        CHECK_INT(schedule_start(own->base.id, &of_steady, EVERY, NULL, 0, dice(&random, 2),
                                 1 + dice(&random, 2), &every[i]),
                  PORTICO_OK);
        if (dice(&random, 8) == 0) {
            pause_1_ms(); /* some come, and what follows races with what comes just now */
        }
        if (round % RENEW_ROUNDS == RENEW_ROUNDS - 1) {
            schedules_end(&own->base);
            entity_release(&own->base);
            own = place_new();
        }
    }
    for (uint32_t i = 0; i < KEPT; i++) {
        (void)schedule_cancel(every[i]);
    }
    schedules_end(&own->base);
    entity_release(&own->base);
}

static bool all_over(void) {
    return timers_count() == 0 &&
           atomic_load(&came) + atomic_load(&cancelled) >= atomic_load(&started);
}

static void wait_until_over(void) {
    for (int i = 0; i < WAIT_MS && !all_over(); i++) {
        pause_1_ms();
    }
    CHECK(all_over());
}

SCENARIO(schedule_race) {
    CHECK_INT(os_port_create(&port), PORTICO_OK);
    CHECK_INT(timers_start(port), PORTICO_OK);
    CHECK_INT(workers_start(port, 2), PORTICO_OK);
    steady = place_new();
    os_thread *threads[THREADS];
    uint32_t seeds[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        seeds[i] = i;
        CHECK_INT(os_thread_start(&threads[i], "race", race, &seeds[i]), PORTICO_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
    }
    wait_until_over();
    CHECK_INT(atomic_load(&came) + atomic_load(&cancelled), atomic_load(&started));
    CHECK(atomic_load(&cancelled) > 0 && atomic_load(&came_again) > 0);
    schedules_end(&steady->base);
    entity_release(&steady->base);
    timers_stop();
    timers_fini();
    workers_stop();
    schedules_fini();
    entity_table_fini();
    os_port_destroy(port);
    printf("%u started, %u came, %u cancelled; %u came again and again\n", atomic_load(&started),
           atomic_load(&came), atomic_load(&cancelled), atomic_load(&came_again));
}

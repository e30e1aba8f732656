/* Schedules without a host: threads start and cancel them at the moment when they are due, and
 * their entities end. Messages of a schedule are handled once more than they were missed, for each
 * period: each period counts once, however slow the handlers are. No fault strikes. */
#include "run/message.h"
#include "run/schedule.h"
#include "run/timer.h"
#include "run/worker.h"
#include "sim/world.h"

#include "support/place.h"
#include "support/scenario.h"

enum { THREADS = 2, ROUNDS = 60, BEATS = 200, QUIET = 8, PERIOD_MS = 20, SLACK_MS = 2 * 16 };
enum { OFTEN = 2 }; /* atomic operations hand on: one in this many */

/* Its handler is slow. */
typedef struct slow {
    place base;       /* first */
    uint64_t from_ns; /* the schedule was started between these two */
    uint64_t until_ns;
    uint64_t counted; /* periods */
    uint32_t beats;   /* messages */
} slow;

static const schedule_owner nobody;
static os_port *port;
static os_mutex lock;
static os_cond period; /* one begins just now */
static uint32_t periods;

static const uint64_t ms_ns = 1000000;

/* How many periods have begun if the first one begins `PERIOD_MS` after `start_ns`. */
static uint64_t begun(uint64_t now_ns, uint64_t start_ns) {
    return now_ns < start_ns ? 0 : (now_ns - start_ns) / (PERIOD_MS * ms_ns);
}

/* Waits until the timers thread is about to find that the next period has begun. */
static void wait_for_period(void) {
    os_mutex_lock(&lock);
    for (uint32_t before = periods; periods == before;) {
        os_cond_wait(&period, &lock, UINT32_MAX);
    }
    os_mutex_unlock(&lock);
}

/* On the timers thread. */
static portico_status waker_take(entity *e, message *m) {
    (void)e, (void)m;
    os_mutex_lock(&lock);
    periods++;
    os_cond_wake_all(&period);
    os_mutex_unlock(&lock);
    return PORTICO_E_BACKLOG;
}

/* Returns how many were left out before it. */
static uint32_t message_end(message *m) {
    uint32_t missed = m->from->delivered(m->from);
    m->from = NULL;
    message_free(m);
    return missed;
}

static void on_message(work *w) {
    (void)message_end((message *)w);
}

static void on_beat(work *w) {
    message *m = (message *)w;
    slow *s = (slow *)m->to;
    s->beats++;
    for (uint32_t i = s->beats < BEATS ? world_random(3) : 0; i > 0; i--) {
        wait_for_period();
    }
    s->counted++;
    s->counted += message_end(m);
    uint64_t now_ns = os_monotonic_ns();
    CHECK(s->counted <= begun(now_ns, s->from_ns));
    CHECK(s->beats < BEATS + QUIET || s->counted >= begun(now_ns - SLACK_MS * ms_ns, s->until_ns));
}

static void *place_new(size_t size, void (*handler)(work *w)) {
    void *p = place_create(size, port, handler);
    CHECK(p != NULL);
    return p;
}

/* Each time, the cancel, the schedule and perhaps the end of the entity are due at once. */
static void race(void *arg) {
    (void)arg;
    place *own = place_new(sizeof *own, on_message);
    for (uint32_t round = world_count("rounds", ROUNDS); round > 0; round--) {
        uint64_t number = 0;
        uint32_t delay_ms = 1 + world_random(2);
        CHECK(schedule_start(own->base.id, &nobody, 1, "tick", 4, delay_ms, 1 + world_random(2),
                             &number) == PORTICO_OK);
        os_sleep(delay_ms);
        if (world_random(4) == 0) {
            schedules_end(&own->base);
            entity_release(&own->base);
            own = place_new(sizeof *own, on_message);
        }
        (void)schedule_cancel(number);
        CHECK(schedule_cancel(number) == PORTICO_E_GONE);
    }
    schedules_end(&own->base);
    entity_release(&own->base);
}

/* A schedule whose messages are handled slowly, then at once. */
static void beat(void) {
    uint64_t wakes = 0;
    uint64_t beats = 0;
    uint32_t count = world_count("beats", BEATS) + 2 * QUIET;
    place *waker = place_new(sizeof *waker, NULL);
    slow *s = place_new(sizeof *s, on_beat);
    waker->base.take = waker_take;
    s->beats = BEATS + 2 * QUIET - count;
    CHECK(schedule_start(waker->base.id, &nobody, 1, NULL, 0, PERIOD_MS, PERIOD_MS, &wakes) ==
          PORTICO_OK);
    s->from_ns = os_monotonic_ns();
    s->until_ns = UINT64_MAX;
    CHECK(schedule_start(s->base.base.id, &nobody, 1, "beat", 4, PERIOD_MS, PERIOD_MS, &beats) ==
          PORTICO_OK);
    s->until_ns = os_monotonic_ns();
    while (s->beats < BEATS + 2 * QUIET) {
        os_sleep(PERIOD_MS);
    }
    CHECK(schedule_cancel(beats) == PORTICO_OK);
    CHECK(schedule_cancel(wakes) == PORTICO_OK);
    entity_release(&s->base.base);
    entity_release(&waker->base);
}

SCENARIO(schedules) {
    os_thread *threads[THREADS];
    sim_figures before;
    sim_figures after;
    sim_look(&before);
    sim_atomic_rate(OFTEN);
    CHECK(os_port_create(&port) == PORTICO_OK);
    CHECK(timers_start(port) == PORTICO_OK);
    CHECK(workers_start(port, 2) == PORTICO_OK);
    for (uint32_t i = 0; i < THREADS; i++) {
        threads[i] = world_thread("race", race, NULL);
    }
    beat();
    for (uint32_t i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
    }
    os_sleep(PERIOD_MS);
    CHECK(timers_count() == 0);
    timers_stop();
    timers_fini();
    workers_stop();
    schedules_fini();
    entity_table_fini();
    os_port_destroy(port);
    sim_look(&after);
    CHECK(after.handles == before.handles && after.allocations == before.allocations);
}

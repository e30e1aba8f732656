/* Workers without a host: a handler takes as long as the others of its batch wait, and those that
 * were handled before it wait for the end of the batch. Since other workers are idle, all of them
 * are served after some milliseconds. Each completion is handled once, and what is deferred runs
 * once. No fault strikes. */
#include "os/compiler.h"
#include "run/worker.h"
#include "sim/world.h"

#include "support/scenario.h"

#include <stdio.h>

enum { WORKERS = 3, JOBS = 24, ROUNDS = 20, QUICK = 200, PATIENCE_MS = 20, AT_ONCE_MS = 1 };

typedef struct job {
    os_op op;
    deferred work;
    bool deferred; /* and has not run */
    bool served;
} job;

static os_port *port;
static job jobs[JOBS];
static job quick;
static os_mutex lock;
static os_cond served;
static uint32_t left; /* jobs to be served, apart from the one that takes long */
static uint32_t quick_left;
static uint32_t long_one;
static uint64_t begun_ms; /* when that was begun */
static uint64_t worst_ms;

static void later(deferred *d) {
    job *j = container_of(d, job, work);
    os_mutex_lock(&lock);
    CHECK(j->deferred && !j->served);
    j->deferred = false;
    j->served = true;
    left -= j != &jobs[long_one];
    os_cond_wake_all(&served);
    os_mutex_unlock(&lock);
}

static void take_long(void) {
    if (world_random(2) == 0) {
        worker_takes_long(); /* some handlers say so beforehand */
    }
    os_mutex_lock(&lock);
    begun_ms = os_monotonic_ms();
    while (left > 0) {
        os_cond_wait(&served, &lock, UINT32_MAX);
    }
    uint64_t took_ms = os_monotonic_ms() - begun_ms;
    worst_ms = took_ms > worst_ms ? took_ms : worst_ms;
    os_mutex_unlock(&lock);
}

static void on_job(const os_completion *completion) {
    job *j = container_of(completion->op, job, op);
    CHECK(!j->deferred && !j->served);
    if (j == &jobs[long_one]) {
        take_long();
    }
    j->deferred = true;
    CHECK(worker_defer(&j->work));
}

/* So that handlers seem to be quick, and batches get long. */
static void on_quick(const os_completion *completion) {
    (void)completion;
    os_mutex_lock(&lock);
    bool again = --quick_left > 0;
    os_cond_wake_all(&served);
    os_mutex_unlock(&lock);
    if (again) {
        CHECK(os_port_post(port, &quick.op) == PORTICO_OK);
    }
}

static void play_round(void) {
    quick_left = QUICK;
    CHECK(os_port_post(port, &quick.op) == PORTICO_OK);
    os_mutex_lock(&lock);
    while (quick_left > 0) {
        os_cond_wait(&served, &lock, UINT32_MAX);
    }
    os_mutex_unlock(&lock);
    long_one = world_random(JOBS);
    left = JOBS - 1;
    os_port_posts_begin(port);
    for (uint32_t i = 0; i < JOBS; i++) {
        jobs[i].deferred = jobs[i].served = false;
        CHECK(os_port_post(port, &jobs[i].op) == PORTICO_OK);
    }
    os_port_posts_end(port);
    os_mutex_lock(&lock);
    while (!jobs[long_one].served) {
        os_cond_wait(&served, &lock, UINT32_MAX);
    }
    os_mutex_unlock(&lock);
}

SCENARIO(held_up) {
    sim_figures before;
    sim_figures after;
    sim_look(&before);
    quick.op.done = on_quick;
    for (uint32_t i = 0; i < JOBS; i++) {
        jobs[i].op.done = on_job;
        jobs[i].work.run = later;
    }
    CHECK(os_port_create(&port) == PORTICO_OK);
    CHECK(workers_start(port, WORKERS) == PORTICO_OK);
    play_round(); /* the first long one comes as a surprise */
    worst_ms = 0;
    for (uint32_t rounds = world_count("rounds", ROUNDS); rounds > 0; rounds--) {
        play_round();
    }
    if (worst_ms > PATIENCE_MS) {
        sim_fail("what waited behind a handler that took long was served after %llu ms",
                 (unsigned long long)worst_ms);
    }
    workers_stop();
    os_port_destroy(port);
    sim_look(&after);
    CHECK(after.handles == before.handles && after.allocations == before.allocations);
}

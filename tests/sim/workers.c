/* A worker without a host: handlers block, the rescuer takes over the rest of their batch, and then
 * all continue at the same moment. Every completion is handled once, and what is deferred runs
 * once. No fault strikes. */
#include "os/compiler.h"
#include "run/worker.h"
#include "sim/world.h"

#include "support/scenario.h"

enum { JOBS = 5, LATER = 8, ROUNDS = 60, WARM_UP = 45, WAKES = 1000, BLOCK_MS = 210 };
enum { OFTEN = 2, SELDOM = 256 }; /* how often atomic operations hand on: one in this many */

/* Like a session's flush: its lock orders what two threads do with it. */
typedef struct later {
    deferred work;
    os_mutex lock;
    bool waits;
} later;

typedef struct job {
    os_op op;
    uint32_t again; /* how often its handler posts it again */
    uint32_t posted;
    uint32_t begun;
    uint32_t done;
    uint32_t blocks; /* how often its handler blocks */
    later later[LATER];
} job;

static os_port *port;
static job jobs[JOBS];
static os_mutex lock;
static os_cond wake; /* all handlers that block continue */
static uint32_t wakes;

static void later_run(deferred *d) {
    later *l = container_of(d, later, work);
    os_mutex_lock(&l->lock);
    CHECK(l->waits);
    l->waits = false;
    os_mutex_unlock(&l->lock);
}

static void defer(later *l) {
    os_mutex_lock(&l->lock);
    CHECK(!l->waits);
    l->waits = true;
    CHECK(worker_defer(&l->work));
    os_mutex_unlock(&l->lock);
}

static void block(void) {
    os_mutex_lock(&lock);
    for (uint32_t before = wakes; wakes == before;) {
        os_cond_wait(&wake, &lock, UINT32_MAX);
    }
    os_mutex_unlock(&lock);
}

static void post(job *j) {
    j->posted++;
    CHECK(os_port_post(port, &j->op) == PORTICO_OK);
}

/* A handler that blocks defers something before and after each time. */
static void on_job(const os_completion *completion) {
    job *j = container_of(completion->op, job, op);
    CHECK(++j->begun == j->posted);
    uint32_t some = LATER / (j->blocks + 1);
    for (uint32_t i = 0; i < some * (j->blocks + 1) && j->blocks > 0; i++) {
        if (i > 0 && i % some == 0) {
            block();
        }
        defer(&j->later[i]);
    }
    j->done++;
    if (j->again > 0) {
        j->again--;
        post(j);
    }
}

static bool is_over(const job *j) {
    bool waits = false;
    for (uint32_t i = 0; i < LATER; i++) {
        waits = waits || j->later[i].waits;
    }
    return j->done == j->posted && !waits;
}

static bool all_over(void) {
    for (uint32_t i = 0; i < JOBS; i++) {
        if (!is_over(&jobs[i])) {
            return false;
        }
    }
    return true;
}

/* Wakes handlers until all are over, each time after the rescuer has come. */
static void finish(uint32_t pause_ms) {
    for (uint32_t i = 0; !all_over(); i++) {
        CHECK(i < WAKES);
        os_sleep(pause_ms);
        os_mutex_lock(&lock);
        wakes++;
        os_cond_wake_all(&wake);
        os_mutex_unlock(&lock);
    }
}

static void play_round(void) {
    sim_atomic_rate(SELDOM);
    jobs[0].blocks = 0;
    jobs[0].again = WARM_UP; /* many quick ones, so that the batches get long */
    post(&jobs[0]);
    finish(1);
    for (uint32_t i = 0, count = 2 + world_random(JOBS - 1); i < count; i++) {
        jobs[i].blocks = 1 + world_random(2);
        post(&jobs[i]);
    }
    sim_atomic_rate(OFTEN);
    finish(BLOCK_MS);
}

SCENARIO(workers) {
    sim_figures before;
    sim_figures after;
    sim_look(&before);
    for (uint32_t i = 0; i < JOBS; i++) {
        jobs[i].op.done = on_job;
        for (uint32_t k = 0; k < LATER; k++) {
            jobs[i].later[k].work.run = later_run;
        }
    }
    CHECK(os_port_create(&port) == PORTICO_OK);
    CHECK(workers_start(port, 1) == PORTICO_OK);
    for (uint32_t rounds = world_count("rounds", ROUNDS); rounds > 0; rounds--) {
        play_round();
    }
    workers_stop();
    os_port_destroy(port);
    sim_look(&after);
    CHECK(after.handles == before.handles && after.allocations == before.allocations);
}

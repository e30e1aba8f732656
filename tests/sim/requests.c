/* Requests without a host: threads ask places that reply at once, on another thread, never or not
 * at all, when the timeout is due, and whose places and askers end. Each request that was accepted
 * has one answer, even if memory runs out. What is asked is drawn by random_number, which draws the
 * same in the next run of the seed: sim.determinism would notice. */
#include "base/random.h"
#include "run/timer.h"
#include "run/worker.h"
#include "sim/world.h"

#include "support/asking.h"
#include "support/scenario.h"

enum { THREADS = 3, ROUNDS = 60, PLACES = 2, STEP_MS = 1 };
enum { OFTEN = 2 }; /* atomic operations hand on: one in this many */

static os_port *port;
static uint64_t places[PLACES]; /* ids */
static uint32_t alive;          /* entities */

/* From now on faults strike what this thread calls: the threads were started without any. */
static void on_request(work *w) {
    sim_spare_this_thread(false);
    asking_on_request(w);
}

/* Its strand starts: no entities_sweep would start it later. */
static portico_status take_answer(entity *e, message *m) {
    sim_spare_this_thread(true);
    portico_status status = place_take(e, m);
    sim_spare_this_thread(false);
    return status;
}

static void free_one(entity *e) {
    alive--;
    free(e);
}

static asker *asker_open(void) {
    sim_spare_this_thread(true);
    asker *a = asker_new(port);
    a->base.base.take = take_answer;
    a->base.base.free = free_one;
    alive++;
    return a;
}

static uint64_t place_open(void) {
    sim_spare_this_thread(true);
    asked *a = asked_new(port);
    a->base.on_message = on_request;
    a->base.base.free = free_one;
    alive++;
    return a->base.base.id;
}

/* Starts its strand, in case there was no memory for that. */
static void kick(asked *a) {
    sim_spare_this_thread(true);
    strand_kick(&a->base.strand);
}

static void place_end(uint64_t id) {
    asked *a = (asked *)entity_find(id);
    asked_end(a);
    kick(a);
    entity_release(&a->base.base);
}

/* Asks when something else is due. */
static void round_of(asker *a) {
    uint64_t id = places[world_random(PLACES)];
    sim_spare_this_thread(false);
    asker_ask(a, id, (uint8_t)(random_number() % ASK_KINDS), world_random(3));
    if (world_random(2) == 0) {
        os_sleep(STEP_MS);
    }
    asked *to = (asked *)entity_find(id);
    for (uint32_t i = to != NULL ? world_random(3) : 0; i > 0; i--) {
        asking_reply_later(to, world_random(LATER_MAX));
    }
    if (to != NULL) {
        kick(to);
        entity_release(&to->base.base);
    }
}

static void replace_place(void) {
    uint32_t i = world_random(PLACES);
    uint64_t next = place_open();
    uint64_t old = places[i];
    places[i] = next;
    place_end(old);
}

/* An asker that ends while it has no answer. */
static void ask_and_leave(void) {
    asker *a = asker_open();
    for (uint32_t i = world_random(4); i > 0; i--) {
        round_of(a);
    }
    requests_end(&a->base.base);
    entity_release(&a->base.base);
}

static void race(void *arg) {
    (void)arg;
    asker *a = asker_open();
    for (uint32_t round = world_count("rounds", ROUNDS); round > 0; round--) {
        round_of(a);
        if (world_random(8) == 0) {
            replace_place();
        }
        if (world_random(8) == 0) {
            ask_and_leave();
        }
    }
    while (asker_waits(a)) {
        os_sleep(STEP_MS);
    }
    (void)asker_end(a);
}

SCENARIO(requests) {
    os_thread *threads[THREADS];
    sim_figures before;
    sim_figures after;
    sim_look(&before);
    sim_atomic_rate(OFTEN);
    CHECK(random_start() == PORTICO_OK);
    CHECK(os_port_create(&port) == PORTICO_OK);
    CHECK(timers_start(port) == PORTICO_OK);
    CHECK(workers_start(port, 2) == PORTICO_OK);
    for (int i = 0; i < PLACES; i++) {
        places[i] = place_open();
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        threads[i] = world_thread("race", race, NULL);
    }
    for (uint32_t i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
    }
    for (int i = 0; i < PLACES; i++) {
        place_end(places[i]);
    }
    while (alive > 0) {
        os_sleep(STEP_MS);
    }
    CHECK(timers_count() == 0 && requests_count() == 0);
    timers_stop();
    timers_fini();
    workers_stop();
    requests_fini();
    entity_table_fini();
    os_port_destroy(port);
    sim_look(&after);
    CHECK(after.handles == before.handles && after.allocations == before.allocations);
}

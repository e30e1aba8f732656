/* takes_long.c: a worker that is about to take long first leaves to others what it has taken and
 * deferred: one post brings another worker there. Each handshake is announced like that. The test
 * is a worker itself, beside one that does not exist. */
#include "run/worker_state.h"
#include "session/handshake_queue.h"

#include "support/check.h"

enum { COUNT = 2, BATCH = 3 };

static os_port *port;
static uint32_t ran; /* handshakes */

static void leave_rest(worker *w, uint64_t taken) {
    atomic_store(&w->left, (uint64_t)BATCH << 32 | taken);
    atomic_store(&w->help_sent, false);
}

/* How many completions the port has: of posts for help, which are all there may be. */
static uint32_t helps(worker *w) {
    os_completion completion;
    uint32_t count = 0;
    for (; os_port_wait(port, &completion, 1, 0) == 1; count++) {
        CHECK(completion.op == &w->help_op);
    }
    return count;
}

static void later(deferred *d) {
    (void)d;
}

static void check_announced(worker *w) {
    deferred answer = {.run = later};
    leave_rest(w, BATCH);
    worker_takes_long();
    CHECK_INT(helps(w), 0); /* there is nothing left */
    leave_rest(w, 1);
    worker_takes_long();
    worker_takes_long();
    CHECK_INT(helps(w), 1);
    leave_rest(w, BATCH);
    CHECK(worker_defer(&answer));
    worker_takes_long();
    CHECK_INT(helps(w), 1);
    atomic_store(&w->deferred, NULL);
}

static void compute(handshake_wait *handshake) {
    (void)handshake;
    CHECK(atomic_load(&worker_self()->help_sent));
    ran++;
}

/* The completion of the queue's op is the first of a batch, whose others wait. */
static void check_handshakes(worker *w) {
    handshake_wait handshakes[BATCH];
    os_completion completion;
    for (uint32_t i = 0; i < BATCH; i++) {
        handshakes[i].run = compute;
        handshake_queue_push(port, &handshakes[i], false);
    }
    for (uint32_t i = 0; i < BATCH; i++) {
        CHECK_INT(os_port_wait(port, &completion, 1, 0), 1);
        leave_rest(w, 1);
        completion.op->done(&completion);
        CHECK_INT(ran, i + 1);
        while (os_port_wait(port, &completion, 1, 0) == 1 && completion.op == &w->help_op) {
        }
        if (i + 1 < BATCH) { /* the queue's own comes again */
            CHECK(completion.op != &w->help_op);
            CHECK_INT(os_port_post(port, completion.op), PORTICO_OK);
        }
    }
}

/* However many workers there are, handshakes leave half of the processors to others. */
static void check_places(void) {
    enum { MANY = 128, PLACES = 16 };
    static handshake_wait handshakes[PLACES];
    uint32_t half = os_cpu_count() > 1 ? os_cpu_count() / 2 : 1;
    os_completion completion;
    uint32_t posts = 0;
    handshake_queue_fini();
    workers.count = MANY;
    for (uint32_t i = 0; i < PLACES; i++) {
        handshake_queue_push(port, &handshakes[i], false);
    }
    while (os_port_wait(port, &completion, 1, 0) == 1) {
        posts++;
    }
    CHECK_INT(posts, half < PLACES ? half : PLACES);
    workers.count = COUNT;
}

static void check_elsewhere(worker *w) {
    leave_rest(w, 1);
    worker_leave();
    worker_takes_long(); /* not a worker: nothing */
    worker_enter(&workers.all[COUNT]);
    worker_takes_long(); /* nor the rescuer */
    worker_leave();
    CHECK(!atomic_load(&w->help_sent));
    CHECK_INT(helps(w), 0);
}

SCENARIO(takes_long) {
    worker all[COUNT + 1] = {0};
    CHECK_INT(os_port_create(&port), PORTICO_OK);
    workers.all = all;
    workers.count = COUNT;
    all[0].port = port;
    worker_enter(&all[0]);
    check_announced(&all[0]);
    check_handshakes(&all[0]);
    check_elsewhere(&all[0]);
    check_places();
    workers.all = NULL;
    workers.count = 0;
    handshake_queue_fini();
    os_port_destroy(port);
}

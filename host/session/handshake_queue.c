/* handshake_queue.c: see handshake_queue.h. */
#include "session/handshake_queue.h"

#include "base/stats.h"
#include "os/compiler.h"
#include "run/worker.h"

#include <string.h>

enum { PLACES_MAX = 16 };

/* Computes one handshake whenever its op comes out of the port. */
typedef struct place {
    os_op op;
    os_port *port;
    bool busy; /* the op is queued or runs */
} place;

typedef struct line {
    handshake_wait *first;
    handshake_wait **last;
} line;

static struct {
    os_mutex lock; /* guards everything here */
    line answered; /* before the others */
    line others;
    uint32_t processors; /* 0: not asked yet */
    place places[PLACES_MAX];
} queue;

static bool is_empty_locked(void) {
    return queue.answered.first == NULL && queue.others.first == NULL;
}

static handshake_wait *pop_locked(void) {
    line *from = queue.answered.first != NULL ? &queue.answered : &queue.others;
    handshake_wait *w = from->first;
    if (w != NULL) {
        from->first = w->next;
    }
    return w;
}

/* Out of memory, handshake_queue_sweep posts it later. */
static void post_locked(place *p) {
    p->busy = os_port_post(p->port, &p->op) == PORTICO_OK;
    if (p->busy) {
        stats_add(STAT_ops_submitted, 1);
    }
}

/* Runs the first, and comes again if there are more. */
static void on_place(const os_completion *completion) {
    place *p = container_of(completion->op, place, op);
    os_mutex_lock(&queue.lock);
    handshake_wait *w = pop_locked();
    os_mutex_unlock(&queue.lock);
    if (w != NULL) {
        worker_takes_long();
        w->run(w);
    }
    os_mutex_lock(&queue.lock);
    p->busy = false;
    if (!is_empty_locked()) {
        post_locked(p);
    }
    os_mutex_unlock(&queue.lock);
}

/* More workers than processors would let handshakes have all processors. */
static uint32_t places_locked(void) {
    if (queue.processors == 0) {
        queue.processors = os_cpu_count();
    }
    uint32_t workers = workers_count();
    uint32_t count = (workers < queue.processors ? workers : queue.processors) / 2;
    return count == 0 ? 1 : count < PLACES_MAX ? count : PLACES_MAX;
}

static place *idle_place_locked(void) {
    uint32_t count = places_locked();
    for (uint32_t i = 0; i < count; i++) {
        if (!queue.places[i].busy) {
            return &queue.places[i];
        }
    }
    return NULL;
}

void handshake_queue_push(os_port *port, handshake_wait *w, bool answered) {
    line *to = answered ? &queue.answered : &queue.others;
    w->next = NULL;
    os_mutex_lock(&queue.lock);
    if (to->first == NULL) {
        to->last = &to->first;
    }
    *to->last = w;
    to->last = &w->next;
    place *p = idle_place_locked();
    if (p != NULL) {
        p->op.done = on_place;
        p->port = port;
        post_locked(p);
    }
    os_mutex_unlock(&queue.lock);
}

void handshake_queue_sweep(void) {
    os_mutex_lock(&queue.lock);
    place *p = is_empty_locked() ? NULL : idle_place_locked();
    if (p != NULL && p->port != NULL) {
        post_locked(p);
    }
    os_mutex_unlock(&queue.lock);
}

void handshake_queue_fini(void) {
    memset(&queue, 0, sizeof queue);
}

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

static struct {
    os_mutex lock; /* guards everything here */
    handshake_wait *first;
    handshake_wait **last;
    place places[PLACES_MAX];
} queue;

static handshake_wait *pop_locked(void) {
    handshake_wait *w = queue.first;
    if (w != NULL) {
        queue.first = w->next;
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
        w->run(w);
    }
    os_mutex_lock(&queue.lock);
    p->busy = false;
    if (queue.first != NULL) {
        post_locked(p);
    }
    os_mutex_unlock(&queue.lock);
}

static place *idle_place_locked(void) {
    uint32_t count = workers_count() / 2;
    count = count == 0 ? 1 : count < PLACES_MAX ? count : PLACES_MAX;
    for (uint32_t i = 0; i < count; i++) {
        if (!queue.places[i].busy) {
            return &queue.places[i];
        }
    }
    return NULL;
}

void handshake_queue_push(os_port *port, handshake_wait *w) {
    w->next = NULL;
    os_mutex_lock(&queue.lock);
    if (queue.first == NULL) {
        queue.last = &queue.first;
    }
    *queue.last = w;
    queue.last = &w->next;
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
    place *p = queue.first != NULL ? idle_place_locked() : NULL;
    if (p != NULL && p->port != NULL) {
        post_locked(p);
    }
    os_mutex_unlock(&queue.lock);
}

void handshake_queue_fini(void) {
    memset(&queue, 0, sizeof queue);
}

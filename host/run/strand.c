/* strand.c: see strand.h. */
#include "run/strand.h"

#include "base/stats.h"
#include "os/compiler.h"

enum { STRAND_BURST = 32 };

static entity nobody = {.kind = ENTITY_KINDS};
static _Thread_local entity *current = &nobody; /* never NULL: a packet compares its id at once */
static _Thread_local entity *actor;             /* NULL: it is `current` */

entity *turn_current(void) {
    return current != &nobody ? current : NULL;
}

entity *turn_of(uint64_t id, entity_kind kind) {
    return id == current->id && kind == current->kind ? current : NULL;
}

entity *turn_actor(void) {
    return actor != NULL ? actor : turn_current();
}

entity *turn_act(entity *e) {
    entity *before = actor;
    actor = e;
    return before;
}

entity *turn_enter(entity *e) {
    entity *before = current;
    current = e;
    return before;
}

void turn_leave(entity *before) {
    current = before;
}

static bool strand_post(strand *s) {
    bool posted = os_port_post(s->port, &s->op) == PORTICO_OK;
    if (posted) {
        stats_add(STAT_ops_submitted, 1);
    }
    return posted;
}

static void strand_start_locked(strand *s) {
    if (!s->busy && s->first != NULL) {
        entity_hold(s->owner);
        s->busy = strand_post(s);
        if (!s->busy) {
            entity_sweep_soon(s->owner); /* out of memory: strand_kick will try again */
            entity_release_not_last(s->owner);
        }
    }
}

/* The next work. NULL: there is none, or the strand is parked; *asleep says which. */
static work *strand_pop(strand *s, bool *asleep) {
    os_mutex_lock(&s->lock);
    work *w = s->parked ? NULL : s->first;
    *asleep = s->parked;
    if (s->parked) {
        s->asleep = true;
    } else if (w == NULL) {
        s->busy = false;
    } else {
        s->first = w->next;
        s->last = w->next != NULL ? s->last : &s->first;
        s->count--;
    }
    os_mutex_unlock(&s->lock);
    return w;
}

/* Runs a burst of works. If there are more, it queues the strand again, so that other strands
 * and sessions get their turn. [worker] */
static void strand_on_op(const os_completion *completion) {
    strand *s = container_of(completion->op, strand, op);
    entity *before = turn_enter(s->owner);
    work *w = NULL;
    bool asleep = false;
    uint32_t done = 0;
    do {
        w = strand_pop(s, &asleep);
        if (w != NULL) {
            w->run(w);
        }
    } while (w != NULL && (++done % STRAND_BURST != 0 || !strand_post(s)));
    turn_leave(before);
    if (w == NULL && !asleep) {
        entity_release(s->owner); /* keep last: it may free the strand */
    }
}

void strand_init(strand *s, entity *owner, os_port *port) {
    s->owner = owner;
    s->port = port;
    s->last = &s->first;
    s->op.done = strand_on_op;
}

void strand_push(strand *s, work *w) {
    w->next = NULL;
    os_mutex_lock(&s->lock);
    *s->last = w;
    s->last = &w->next;
    s->count++;
    strand_start_locked(s);
    os_mutex_unlock(&s->lock);
}

void strand_pause(strand *s) {
    os_mutex_lock(&s->lock);
    s->busy = true;
    os_mutex_unlock(&s->lock);
}

void strand_resume(strand *s) {
    os_mutex_lock(&s->lock);
    s->busy = false;
    strand_start_locked(s);
    os_mutex_unlock(&s->lock);
}

void strand_park(strand *s, work *w) {
    os_mutex_lock(&s->lock);
    w->next = s->first;
    s->last = s->first == NULL ? &w->next : s->last;
    s->first = w;
    s->count++;
    s->parked = true;
    os_mutex_unlock(&s->lock);
}

bool strand_is_parked(strand *s) {
    os_mutex_lock(&s->lock);
    bool parked = s->parked;
    os_mutex_unlock(&s->lock);
    return parked;
}

bool strand_while_asleep(strand *s, void (*run)(void *arg), void *arg) {
    os_mutex_lock(&s->lock);
    bool asleep = s->asleep;
    if (asleep) {
        run(arg);
    }
    os_mutex_unlock(&s->lock);
    return asleep;
}

static void on_errand(work *w) {
    strand_errand *e = container_of(w, strand_errand, work);
    atomic_store(&e->queued, false); /* first: an ask from now on queues it again */
    e->run(e->arg);
}

void strand_errand_init(strand_errand *e, void (*run)(void *arg), void *arg) {
    e->work.run = on_errand;
    e->run = run;
    e->arg = arg;
}

void strand_errand_ask(strand *s, strand_errand *e) {
    if (!strand_while_asleep(s, e->run, e->arg) && !atomic_exchange(&e->queued, true)) {
        strand_push(s, &e->work);
    }
}

void strand_revive(strand *s) {
    os_mutex_lock(&s->lock);
    bool wakes = s->asleep;
    s->parked = false;
    s->asleep = false;
    if (wakes) {
        s->busy = false;
        strand_start_locked(s);
        entity_release_not_last(s->owner); /* the hold of the turn that went to sleep */
    }
    os_mutex_unlock(&s->lock);
}

void strand_each(strand *s, void (*each)(void *arg, work *w), void *arg) {
    os_mutex_lock(&s->lock);
    for (work *w = s->first; w != NULL; w = w->next) {
        each(arg, w);
    }
    os_mutex_unlock(&s->lock);
}

uint32_t strand_count(strand *s) {
    os_mutex_lock(&s->lock);
    uint32_t count = s->count;
    os_mutex_unlock(&s->lock);
    return count;
}

void strand_kick(strand *s) {
    os_mutex_lock(&s->lock);
    strand_start_locked(s);
    os_mutex_unlock(&s->lock);
}

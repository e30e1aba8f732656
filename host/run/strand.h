/* strand.h: a queue of things to do, one at a time, in order: the turn of a room or a module.
 *
 * Any thread pushes. One worker at a time runs it: a bounded number of works, then it queues again behind
 * everybody else. The strand holds its owner while anything is queued. Its lock is a leaf but for the port's.
 */
#ifndef PORTICO_STRAND_H
#define PORTICO_STRAND_H

#include "os/os.h"
#include "run/entity_table.h"

/* Something to do. Intrusive; in one queue at a time. */
typedef struct work {
    struct work *next;
    void (*run)(struct work *w); /* owns the work */
} work;

typedef struct strand {
    os_mutex lock;
    work *first;
    work **last;
    uint32_t count;
    bool busy; /* a worker runs it, or its op is on its way */
    entity *owner;
    os_port *port;
    os_op op;
} strand;

void strand_init(strand *s, entity *owner, os_port *port);

void strand_push(strand *s, work *w);

/* How many wait. */
uint32_t strand_count(strand *s);

/* Keeps what is pushed until strand_resume; called before anything is pushed. */
void strand_pause(strand *s);
void strand_resume(strand *s);

/* Starts it again if the system had no memory when something was pushed: the owner's sweep does, see entities_sweep. */
void strand_kick(strand *s);

/* The entity whose turn the calling thread is in, or NULL. */
entity *turn_current(void);

/* Around what runs in an entity's turn. Returns what turn_current was, for turn_leave. */
entity *turn_enter(entity *e);
void turn_leave(entity *before);

#endif

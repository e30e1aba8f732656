/* strand.h: a queue of works that run one at a time, in order: the turn of a room or a module.
 *
 * Any thread pushes. One worker at a time runs the strand: a limited number of works, then it
 * queues the strand again after everything else that waits for a worker. A strand holds its
 * owner while it is busy. Lock order: only the port's lock is below.
 */
#ifndef PORTICO_STRAND_H
#define PORTICO_STRAND_H

#include "os/os.h"
#include "run/entity_table.h"

#include <stdatomic.h>

/* One thing to do. Intrusive: in one queue at a time. */
typedef struct work {
    struct work *next;
    void (*run)(struct work *w); /* owns the work */
} work;

typedef struct strand {
    os_mutex lock;
    work *first;
    work **last;
    uint32_t count;
    bool busy;   /* a worker runs it, its op is queued, or it is paused or asleep */
    bool parked; /* the first work cannot run now */
    bool asleep; /* the worker has left it because of that */
    entity *owner;
    os_port *port;
    os_op op;
} strand;

void strand_init(strand *s, entity *owner, os_port *port);

void strand_push(strand *s, work *w);

/* How many works wait. */
uint32_t strand_count(strand *s);

/* Calls `each` for every work that waits, with the strand locked. */
void strand_each(strand *s, void (*each)(void *arg, work *w), void *arg);

/* Keeps works until strand_resume. Called before the first push. */
void strand_pause(strand *s);
void strand_resume(strand *s);

/* In the turn, from the `run` of a work: puts the work back in front of the others. After its
 * return nothing runs until strand_revive. */
void strand_park(strand *s, work *w);

/* Whether it is parked. */
bool strand_is_parked(strand *s);

/* Whether it is parked and no worker is in it. If so, calls `run` first, instead of the turn:
 * nothing of the strand runs until its return. It takes locks below the strand's at most. */
bool strand_while_asleep(strand *s, void (*run)(void *arg), void *arg);

/* What is done soon, once for however many asks before that. `run` is called as by
 * strand_while_asleep, or in the turn. */
typedef struct strand_errand {
    work work;
    atomic_bool queued;
    void (*run)(void *arg);
    void *arg;
} strand_errand;

void strand_errand_init(strand_errand *e, void (*run)(void *arg), void *arg);
void strand_errand_ask(strand *s, strand_errand *e);

/* Lets a strand that is parked go on; any other stays as it is. The caller holds the owner. */
void strand_revive(strand *s);

/* Starts the strand if there was no memory for that when a work was pushed. The owner's sweep
 * calls this (entities_sweep). */
void strand_kick(strand *s);

/* The entity in whose turn the calling thread is, or NULL. */
entity *turn_current(void);

/* The same if it has that id and kind, else NULL. */
entity *turn_of(uint64_t id, entity_kind kind);

/* The entity whose handler the calling thread runs, or NULL. Not turn_current for a session in a
 * room: its handlers run in the room's turn. */
entity *turn_actor(void);

/* Says whose handlers run from now on in this turn; NULL: those of turn_current. Returns the
 * previous one, to restore it. */
entity *turn_act(entity *e);

/* Enclose what runs in an entity's turn. turn_enter returns the previous turn_current, for
 * turn_leave. */
entity *turn_enter(entity *e);
void turn_leave(entity *before);

#endif

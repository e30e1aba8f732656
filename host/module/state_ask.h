/* state_ask.h: asks an entity for copies of its states, which it gives in its own turn: what a
 * handler changes together is then seen together.
 *
 *   1. The asker begins an ask and requests the entity's turn (session_ask, room_ask,
 *      mailbox_ask).
 *   2. The turn takes the ask, adds a copy of each state and gives it back, which calls `done`.
 *      A turn that is parked does not run: then the asker does this itself, under the lock that
 *      keeps the turn parked.
 *   3. The asker ends the ask, at any time, also before 2: a turn that never comes costs nothing.
 *
 * Each copy holds the generation whose layout it has, so a swap in between does not matter. Any
 * thread; the lock is a leaf, and is not held while states are copied.
 */
#ifndef PORTICO_STATE_ASK_H
#define PORTICO_STATE_ASK_H

#include "module/generation.h"

enum {
    STATE_ASKS_MAX = 32,           /* at a time */
    STATE_COPIES_MAX = 32,         /* of an ask: one for each module of a session */
    STATE_COPY_BYTES_MAX = 1 << 20 /* of an ask; a state beyond that is not copied */
};

typedef struct state_copy {
    generation *generation; /* held; with the name of the module */
    const char *type;       /* in the generation's registry; NULL: of the module itself */
    const state_shape *shape;
    void *bytes;     /* NULL: the state is empty, or `why` says why it is not here */
    const char *why; /* a constant; NULL: it is here */
} state_copy;

typedef struct state_ask state_ask;

/* Asks that entity; `done` is called once when it has answered. NULL: no memory, or there are
 * STATE_ASKS_MAX already. */
state_ask *state_ask_begin(uint64_t entity, void (*done)(void));

/* Whether the entity has answered. */
bool state_ask_answered(state_ask *a);

/* The copies of an ask that was answered. */
uint32_t state_ask_copies(const state_ask *a, const state_copy **copies);

/* Frees the ask, or has its entity free it. */
void state_ask_end(state_ask *a);

/* Takes an ask of the entity that waits; NULL: there is none. [turn, or instead of it] */
state_ask *state_ask_take(uint64_t entity);

/* Why the state of an entity that is broken cannot be shown; NULL: it is not. */
static inline const char *state_ask_broken(bool broken) {
    return broken ? "it could not be taken over from the build before" : NULL;
}

/* Adds a copy of `state`, which has the shape and belongs to `g`. `why` is a constant: why there is
 * none; NULL: there is one. [the same] */
void state_ask_add(state_ask *a, generation *g, const char *type, const state_shape *shape,
                   const void *state, const char *why);

/* Gives the ask back to the asker. [the same] */
void state_ask_give(state_ask *a);

#endif

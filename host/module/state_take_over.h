/* state_take_over.h: takes one state block over from one generation to the next.
 *
 * Runs in the turn of the entity that owns the state, inside the module's gate; for a module's own
 * state on the control thread, with the gate closed.
 */
#ifndef PORTICO_STATE_TAKE_OVER_H
#define PORTICO_STATE_TAKE_OVER_H

#include "module/generation.h"

/* The owner of a state, for the log and for `migrate`. */
typedef struct state_owner {
    const char *name;
    uint64_t entity;
} state_owner;

/* With `check`, every state that is taken over is searched for addresses inside the old image. */
void state_take_over_start(bool check);

/* Changes *state, a block of shape `from` that `old` has left, to shape `to`: keeps the block if
 * the shapes are equal, and otherwise replaces it by one from the reserve (NULL: by a new one) and
 * frees it. On failure *state is unchanged: PORTICO_E_NO_MEMORY, or what `migrate` returned. The
 * caller tries again later, or says that the state is lost. */
portico_status state_take_over(const state_owner *owner, const generation *old,
                               const state_shape *from, void **state, const state_shape *to,
                               portico_on_migrate migrate, state_reserve *reserve);

/* The same into an existing block `fresh`, for a module's own state. The caller reports a failure
 * of `migrate`. */
portico_status state_copy_over(const state_owner *owner, const generation *old,
                               const state_shape *from, const void *state, const state_shape *to,
                               portico_on_migrate migrate, void *fresh);

/* Logs that a state could not be taken over, so that its session or room closes. */
void state_tell_lost(const state_owner *owner, const generation *old, portico_status status);

/* Whether a state can be taken over, before anything is changed. Otherwise `why` says what prevents
 * it. */
portico_status state_can_take_over(const char *name, const state_shape *from, const state_shape *to,
                                   portico_on_migrate migrate, char *why, size_t why_size);

#endif

/* state_take_over.h: brings one state block from one generation's shape to another's.
 *
 * In the turn of the entity that the state belongs to, inside the gate of the module; a module's own state on the
 * control thread, with the gate closed.
 */
#ifndef PORTICO_STATE_TAKE_OVER_H
#define PORTICO_STATE_TAKE_OVER_H

#include "module/generation.h"

/* Whose state it is, for the log and for `migrate`. */
typedef struct state_owner {
    const char *name;
    uint64_t entity;
} state_owner;

/* With `check`, every state that is taken over is searched for addresses inside the image that it came from. */
void state_take_over_start(bool check);

/* Puts into *state a block of shape `to` with what the block of shape `from`, which `old` has left, holds: the same
 * block where the shapes are equal, else a new one, and the old one is freed. On failure (PORTICO_E_NO_MEMORY, or what
 * `migrate` returned; the log says which) *state is as it was. */
portico_status state_take_over(const state_owner *owner, const generation *old,
                               const state_shape *from, void **state, const state_shape *to,
                               portico_on_migrate migrate);

/* The same into a block that is there already, for a module's own state: what `migrate` returned is for the caller to
 * tell. */
portico_status state_copy_over(const state_owner *owner, const generation *old,
                               const state_shape *from, const void *state, const state_shape *to,
                               portico_on_migrate migrate, void *fresh);

/* Whether it could be done, before anything is touched. `why` names what hinders. */
portico_status state_can_take_over(const char *name, const state_shape *from, const state_shape *to,
                                   portico_on_migrate migrate, char *why, size_t why_size);

#endif

/* swap_plan.h: what a swap will exchange. Made and checked while the old generation serves; see
 * swap.h. [control thread] */
#ifndef PORTICO_SWAP_PLAN_H
#define PORTICO_SWAP_PLAN_H

#include "module/image.h"
#include "module/module.h"
#include "room/room_type.h"
#include "session/session_type.h"

/* A session type that either generation takes part in. */
typedef struct type_change {
    session_type *type;
    const registered_type *from; /* NULL: new */
    registered_type *to;         /* NULL: gone */
    layout *layout;              /* to be published; after the exchange, the former one */
    bool needs_none;             /* there may be no session of it at the exchange */
    bool reshapes;               /* some states of it need a new block */
} type_change;

/* The same for a room type. */
typedef struct room_change {
    room_type *type;
    const registered_room *from;
    registered_room *to;
    bool needs_none;
    bool reshapes;
} room_change;

typedef struct swap_plan {
    module *module;
    generation *from;
    generation *to;
    type_change *types;
    size_t type_count;
    room_change *rooms;
    size_t room_count;
} swap_plan;

/* Checks that `to`, which is prepared, can take over from the generation that serves, and makes
 * the plan. If some states are still of earlier generations, since the module was frozen before
 * they had followed, it must be able to take those over as well. On failure `why` says what
 * prevents the swap, and there is nothing to free. */
portico_status plan_make(swap_plan *p, module *m, generation *to, char why[IMAGE_WHY_MAX]);

/* Asks the modules that depend on this one. To be called last, so that none is asked about a swap
 * that fails anyway. */
portico_status plan_ask_dependents(const swap_plan *p, char why[IMAGE_WHY_MAX]);

/* Whether states of shape `old` can become states of shape `fresh`. `migrate` is the new build's,
 * and may not change anything yet. */
portico_status plan_ask_state(module *m, generation *to, const char *name, const state_shape *old,
                              const state_shape *fresh, portico_on_migrate migrate,
                              char why[IMAGE_WHY_MAX]);

/* Whether the types that must have no sessions or rooms have none. While the gate is closed this
 * stays so, except for those that arrive at this moment and have met no handler yet: they are
 * closed if their type goes, and otherwise begin with a zeroed state. */
portico_status plan_check_empty(const swap_plan *p, char why[IMAGE_WHY_MAX]);

/* Publishes the layouts and room types of `to`; with `back`, those of `from` again. The gate is
 * closed. Cannot fail. */
void plan_exchange(swap_plan *p, bool back);

/* Frees what is not published. */
void plan_fini(swap_plan *p);

#endif

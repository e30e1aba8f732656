/* swap_plan.h: what a swap is going to exchange: made and checked while the old generation serves. See swap.h.
 * [control thread]
 */
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
    const registered_type *to;   /* NULL: gone */
    layout *layout;              /* to be published; after that, the one before */
    bool needs_none;             /* no session of it may be there at the exchange */
} type_change;

/* The same for a room type. */
typedef struct room_change {
    room_type *type;
    const registered_room *from;
    const registered_room *to;
    bool needs_none;
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

/* Checks that `to`, which has registered, can take over from the generation that serves, asks the modules that depend on
 * it, and makes the plan. On failure `why` says what hinders, and there is nothing to free. */
portico_status plan_make(swap_plan *p, module *m, generation *to, char why[IMAGE_WHY_MAX]);

/* Whether what must have no sessions or rooms has none. With the gate closed it stays so, but for those that come at this
 * moment, which no handler has seen: of a type that goes they are closed, others begin with a zeroed state. */
portico_status plan_check_empty(const swap_plan *p, char why[IMAGE_WHY_MAX]);

/* Publishes the layouts and room types of `to`; done again with `back`, those of `from`. Gate closed; cannot fail. */
void plan_exchange(swap_plan *p, bool back);

/* Frees what is not published. */
void plan_fini(swap_plan *p);

#endif

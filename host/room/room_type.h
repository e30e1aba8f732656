/* room_type.h: the types of rooms, whichever generation of their module serves.
 *
 * Any thread, unless tagged. A type exists while its module declares it, a swap's plan names
 * it, or there are rooms of it. One lock guards the table and all types; it is a leaf.
 */
#ifndef PORTICO_ROOM_TYPE_H
#define PORTICO_ROOM_TYPE_H

#include "module/module.h"
#include "room/room_tally.h"

typedef struct room_type {
    char name[2 * PORTICO_LABEL_MAX]; /* the key, "module.type" */
    module *module;
    /* [lock] */
    generation *generation;      /* held; whose registry `type` is in. NULL if that is */
    const registered_room *type; /* NULL: no rooms of it can be created */
    uint32_t rooms;
    room_tally *tally; /* counts them as well, for readers without the lock */
    uint32_t holds;    /* by swaps' plans */
    bool listed;       /* in the table */
    UT_hash_handle hh;
} room_type;

/* The type of that name, held; it is made if it does not exist, but rooms of it can only be
 * created after room_type_set. NULL: out of memory. [control thread] */
room_type *room_type_hold(module *m, const char *name);
void room_type_release(room_type *t);

/* From now on rooms are created, and called, as `g` has registered it; `type` NULL: none can be
 * created. Cannot fail. [control thread] */
void room_type_set(room_type *t, generation *g, const registered_room *type);

/* The module no longer registers the type. [control thread] */
void room_type_remove(const char *name);

/* How many rooms of it there are. */
uint32_t room_type_rooms(room_type *t);

/* The type, if rooms of it can be created, or NULL. Not held: only its address may be used. */
room_type *room_type_find(const char *name);

/* Counts a new room of the type. *type is how it is registered, in *g, which is held for the room's
 * state. NULL: no rooms of it can be created. */
room_type *room_type_enter(const char *name, generation **g, const registered_room **type);

/* Uncounts the room and releases the hold on its generation, `g`. */
void room_type_leave(room_type *t, generation *g);

/* There are no rooms any more. */
void room_types_fini(void);

#endif

/* room_type.h: the types that rooms are of, whatever generation of their module serves.
 *
 * Any thread, unless tagged. A type stays while its module registers it, a plan of a swap names it, or rooms of it are
 * there. One lock guards the table and all types; it is a leaf.
 */
#ifndef PORTICO_ROOM_TYPE_H
#define PORTICO_ROOM_TYPE_H

#include "module/module.h"

typedef struct room_type {
    char name[2 * PORTICO_LABEL_MAX]; /* the key, "module.type" */
    module *module;
    /* [lock] */
    generation *generation;      /* held while `type` is set: whose registry it is in */
    const registered_room *type; /* NULL: no rooms of it can be made */
    uint32_t rooms;
    uint32_t holds; /* of plans */
    bool listed;    /* in the table */
    UT_hash_handle hh;
} room_type;

/* The type of that name, made when it is not there; of it rooms can be made when it is set. Release each.
 * NULL when out of memory. [control thread] */
room_type *room_type_hold(module *m, const char *name);
void room_type_release(room_type *t);

/* From now on rooms are made, and called, as `g` has registered it; `type` NULL: none can be made. Cannot fail.
 * [control thread] */
void room_type_set(room_type *t, generation *g, const registered_room *type);
void room_type_remove(const char *name);

/* How many rooms of it there are. */
uint32_t room_type_rooms(room_type *t);

/* The type of which rooms can be made, or NULL. Not held: only its address may be used. */
room_type *room_type_find(const char *name);

/* Counts one more room of it and tells how it is registered, with a hold on that generation for its state; NULL: no rooms can be made. */
room_type *room_type_enter(const char *name, generation **g, const registered_room **type);

/* One room less; releases its generation. */
void room_type_leave(room_type *t, generation *g);

/* No room is left. */
void room_types_fini(void);

#endif

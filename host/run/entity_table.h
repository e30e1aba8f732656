/* entity_table.h: whatever has an id: sessions, rooms, modules.
 *
 * An id is a slot (24 bits) and the slot's generation (40 bits, from 1). Slots never move and are never
 * unmapped while the host runs, and a slot's generation and its count of holds are one atomic word: a stale
 * id is told from a live one without a lock, and an entity that was found cannot be freed before
 * entity_release. Any thread; adding and freeing take a lock, finding does not.
 */
#ifndef PORTICO_ENTITY_TABLE_H
#define PORTICO_ENTITY_TABLE_H

#include <portico/portico.h>

#include <stdbool.h>

enum { ENTITY_SLOTS_MAX = 1 << 24 };

typedef enum entity_kind { ENTITY_SESSION, ENTITY_ROOM, ENTITY_MODULE, ENTITY_KINDS } entity_kind;

struct message;

/* The first member of whatever has an id. */
typedef struct entity {
    uint64_t id;
    struct entity_slot *slot; /* the one that the id names; of this table alone */
    entity_kind kind;
    void (*free)(struct entity *e);
    /* Takes a message over when it returns PORTICO_OK. Any thread. */
    portico_status (*take)(struct entity *e, struct message *m);
    /* Goes out of `room`, if it is in there or on its way. NULL: it is never in one. Any thread. */
    void (*leave)(struct entity *e, struct entity *room, portico_status reason);
} entity;

/* Gives `e` a slot and its id, with `holds` holds. From here on others can find it: all else of it is ready.
 * False when out of memory or slots. */
bool entity_add(entity *e, uint32_t holds);

/* The entity with a hold for the caller, or NULL when the id is stale or never was. */
entity *entity_find(uint64_t id);

/* The same when it is of that kind. */
entity *entity_find_kind(uint64_t id, entity_kind kind);

/* One more hold on an entity that is held already. */
void entity_hold(entity *e);

/* Drops a hold; the last one frees it. */
void entity_release(entity *e);

/* Drops a hold that is known not to be the last. */
void entity_release_not_last(entity *e);

/* Calls each(arg, entity) for every one of a kind, holding it meanwhile. Those that come or go during the
 * walk may be seen or not. */
void entity_each(entity_kind kind, void (*each)(void *arg, entity *e), void *arg);

#define ENTITY_SWEEP_LATER UINT64_MAX /* as a time: not until entity_sweep_soon */

/* Does what is overdue with an entity, which is held; returns when it wants to be looked at again, in ms. */
typedef uint64_t (*entity_sweep)(entity *e, uint64_t now_ms);

/* Calls the sweep of its kind for every entity that is due: new, or asked for since, or its time has come. The others are
 * not touched, so that it does not matter how many there are. One thread at a time. */
void entities_sweep(const entity_sweep sweeps[ENTITY_KINDS], uint64_t now_ms);

/* The next entities_sweep looks at it, whatever its sweep has returned or is about to. Called when what that followed from
 * has changed, under the lock that the sweep reads it under. `e` is held. [any thread] */
void entity_sweep_soon(const entity *e);

/* Frees the slots; no entity is left. */
void entity_table_fini(void);

#endif

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

typedef enum entity_kind { ENTITY_SESSION, ENTITY_ROOM, ENTITY_MODULE } entity_kind;

struct message;

/* The first member of whatever has an id. */
typedef struct entity {
    uint64_t id;
    entity_kind kind;
    void (*free)(struct entity *e);
    /* Takes a message over when it returns PORTICO_OK. Any thread. */
    portico_status (*take)(struct entity *e, struct message *m);
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
void entity_unhold(entity *e);

/* Calls each(arg, entity) for every one of a kind, holding it meanwhile. Those that come or go during the
 * walk may be seen or not. */
void entity_each(entity_kind kind, void (*each)(void *arg, entity *e), void *arg);

/* Frees the slots; no entity is left. */
void entity_table_fini(void);

#endif

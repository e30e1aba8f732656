/* entity_table.h: everything that has an id: sessions, rooms, modules.
 *
 * An id is a slot (24 bits) and the slot's generation (40 bits, from 1). Slots never move and
 * are never unmapped while the host runs. A slot's generation and its number of holds are one
 * atomic word, so a stale id is recognised without a lock, and an entity that was found cannot
 * be freed before entity_release. Any thread. Adding and freeing take a lock, finding does not.
 */
#ifndef PORTICO_ENTITY_TABLE_H
#define PORTICO_ENTITY_TABLE_H

#include <portico/portico.h>

#include <stdbool.h>

enum { ENTITY_SLOTS_MAX = 1 << 24 };

typedef enum entity_kind { ENTITY_SESSION, ENTITY_ROOM, ENTITY_MODULE, ENTITY_KINDS } entity_kind;

struct message;

/* The place of something in a list that an entity has. */
typedef struct entity_link {
    struct entity_link *next;
    struct entity_link **at; /* what points to it */
} entity_link;

#define REQUESTS_ENDED UINT32_MAX

/* The first member of everything that has an id. */
typedef struct entity {
    uint64_t id;
    struct entity_slot *slot; /* which the id names; private to the table */
    entity_kind kind;
    /* [lock of the requests] how many it has made that have no answer; REQUESTS_ENDED: it may make
     * and receive no more */
    uint32_t requests;
    void (*free)(struct entity *e);
    /* Queues a message; takes it over if it returns PORTICO_OK. [any thread] */
    portico_status (*take)(struct entity *e, struct message *m);
    /* Leaves `room` if it is in it or on its way there. NULL: never in a room. [any thread] */
    void (*leave)(struct entity *e, struct entity *room, portico_status reason);
    entity_link *asks;      /* [lock of the requests] the requests that it has made ... */
    entity_link *asked;     /* ... and those that it has been sent */
    entity_link *schedules; /* [lock of the schedules] those that end with it */
    bool schedules_ended;   /* [same lock] none may begin any more */
} entity;

static inline void entity_link_add(entity_link **head, entity_link *l) {
    l->next = *head;
    l->at = head;
    if (l->next != NULL) {
        l->next->at = &l->next;
    }
    *head = l;
}

static inline void entity_link_remove(entity_link *l) {
    *l->at = l->next;
    if (l->next != NULL) {
        l->next->at = l->at;
    }
}

/* Gives `e` a slot, its id, and `holds` holds. Other threads can now find it, so the rest of it
 * must be ready. False: out of memory or slots. */
bool entity_add(entity *e, uint32_t holds);

/* The entity, held for the caller; NULL when the id is stale or never existed. */
entity *entity_find(uint64_t id);

/* The same, or NULL if it is not of that kind. */
entity *entity_find_kind(uint64_t id, entity_kind kind);

/* "session", "room" or "module"; "entity" if another one has its slot now. Takes no hold. */
const char *entity_word(uint64_t id);

/* Adds a hold to an entity that is already held. */
void entity_hold(entity *e);

/* Releases a hold; the last release frees the entity. */
void entity_release(entity *e);

/* Releases a hold that is known not to be the last. */
void entity_release_not_last(entity *e);

/* Calls each(arg, entity) for every entity of a kind, and holds it during the call. May or may
 * not see entities that are added or freed during the walk. */
void entity_each(entity_kind kind, void (*each)(void *arg, entity *e), void *arg);

#define ENTITY_SWEEP_LATER UINT64_MAX /* as a time: only after entity_sweep_soon */

/* Does what is overdue for the entity, which is held. Returns when to sweep it again, in ms. */
typedef uint64_t (*entity_sweep)(entity *e, uint64_t now_ms);

/* Calls the sweep of its kind for every entity that is due: it is new, entity_sweep_soon was
 * called, or its time has come. Does not touch the others, so their number does not matter. One
 * thread at a time. */
void entities_sweep(const entity_sweep sweeps[ENTITY_KINDS], uint64_t now_ms);

/* Makes the next entities_sweep sweep the entity, whatever its sweep has returned or is about to
 * return. Call it after a change of what the sweep looks at, under the lock under which the
 * sweep reads that. `e` is held. [any thread] */
void entity_sweep_soon(const entity *e);

/* Frees the slots. There are no entities any more. */
void entity_table_fini(void);

#endif

/* entity_table.c: an id reaches its entity as long as that has a hold, and nothing afterwards, not
 * even the entity that gets the slot next; a walk meets every entity of its kind. */
#include "run/entity_table.h"

#include "support/check.h"

enum { THINGS = 40 };

typedef struct thing {
    entity base; /* first */
    int freed;
    int met;
} thing;

static thing things[THINGS];

static void thing_free(entity *e) {
    ((thing *)e)->freed++;
}

static void thing_add(thing *t, entity_kind kind, uint32_t holds) {
    *t = (thing){.base = {.kind = kind, .free = thing_free}};
    CHECK(entity_add(&t->base, holds));
}

static void meet(void *arg, entity *e) {
    ((thing *)e)->met++;
    ++*(int *)arg;
}

/* Each hold counts, and only the last release frees. */
static void check_holds(void) {
    thing *t = &things[0];
    thing_add(t, ENTITY_ROOM, 2);
    entity *e = entity_find(t->base.id);
    CHECK(e == &t->base);
    entity_hold(e);
    entity_release_not_last(e);
    entity_release(e);
    CHECK(entity_find_kind(t->base.id, ENTITY_SESSION) == NULL);
    CHECK(entity_find_kind(t->base.id, ENTITY_ROOM) == e);
    entity_release(e);
    entity_release(e);
    CHECK_INT(t->freed, 0);
    entity_release(e);
    CHECK_INT(t->freed, 1);
    CHECK(entity_find(t->base.id) == NULL);
    CHECK(entity_find(0) == NULL && entity_find(UINT64_MAX) == NULL);
}

/* An id of the past finds neither its own entity nor the slot's next one; one that does not exist
 * yet finds nothing. */
static void check_stale(void) {
    uint64_t before = 0;
    uint64_t generation = (uint64_t)1 << 24;
    for (int i = 0; i < 5; i++) {
        thing_add(&things[0], ENTITY_SESSION, 1);
        uint64_t id = things[0].base.id;
        CHECK(id != before && (before == 0 || (id - before) % generation == 0));
        CHECK(entity_find(before) == NULL && entity_find(id + generation) == NULL);
        CHECK(entity_find(id) == &things[0].base);
        entity_release(&things[0].base);
        entity_release(&things[0].base);
        CHECK(entity_find(id) == NULL);
        before = id;
    }
}

/* Each entity has a slot of its own, also after every third slot was used by another kind. */
static void check_walk(void) {
    for (int i = 0; i < THINGS; i++) {
        thing_add(&things[i], ENTITY_ROOM, 1);
    }
    for (int i = 0; i < THINGS; i += 3) {
        entity_release(&things[i].base);
        CHECK_INT(things[i].freed, 1);
    }
    int sessions = 0;
    for (int i = 0; i < THINGS; i += 3) {
        thing_add(&things[i], ENTITY_SESSION, 1);
        sessions++;
    }
    for (int i = 0; i < THINGS; i++) {
        entity *e = entity_find(things[i].base.id);
        CHECK(e == &things[i].base);
        entity_release(e);
    }
    int met = 0;
    entity_each(ENTITY_SESSION, meet, &met);
    CHECK_INT(met, sessions);
    met = 0;
    entity_each(ENTITY_ROOM, meet, &met);
    CHECK_INT(met, THINGS - sessions);
    for (int i = 0; i < THINGS; i++) {
        CHECK_INT(things[i].met, 1);
        entity_release(&things[i].base);
        CHECK_INT(things[i].freed, 1);
    }
}

SCENARIO(entity_table) {
    check_holds();
    check_stale();
    check_walk();
    entity_table_fini();
}

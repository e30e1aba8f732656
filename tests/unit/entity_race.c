/* entity_race.c: threads add, find and release entities in few slots, all at once. A thread that
 * finds an id has that entity, complete and not freed; each entity is freed exactly once. The
 * sanitizers look for uses after free and for writes that are not yet visible. */
#include "os/os.h"
#include "run/entity_table.h"

#include "support/check.h"
#include "support/clock.h"

#include <stdatomic.h>

enum {
    THREADS = 4,
    ROUNDS = 3000000,
    ROUNDS_SANITIZED = 200000,
    PLACES = 8,
    ALIVE = 0x600d,
    DEAD = 0xdead
};

typedef struct thing {
    entity base; /* first */
    uint32_t check;
} thing;

static _Atomic uint64_t places[PLACES]; /* ids, some of them stale */
static atomic_uint added;
static atomic_uint freed;
static atomic_uint found;

static void thing_free(entity *e) {
    thing *t = (thing *)e;
    CHECK_INT(t->check, ALIVE);
    t->check = DEAD;
    atomic_fetch_add(&freed, 1);
    free(t);
}

static uint32_t dice(uint32_t *state, uint32_t sides) {
    *state = *state * 1664525 + 1013904223;
    return (*state >> 8) % sides;
}

/* Puts a new entity into a place, which holds it until the next one replaces it. The places are
 * relaxed, so that only the table makes an entity visible to other threads. */
static void replace(uint32_t at) {
    thing *t = calloc(1, sizeof *t);
    CHECK(t != NULL);
    t->base.kind = at % 2 == 0 ? ENTITY_SESSION : ENTITY_ROOM;
    t->base.free = thing_free;
    t->check = ALIVE;
    CHECK(entity_add(&t->base, 2)); /* the place's and ours */
    atomic_fetch_add(&added, 1);
    uint64_t before = atomic_exchange_explicit(&places[at], t->base.id, memory_order_relaxed);
    entity_release(&t->base);
    entity *e = entity_find(before);
    if (e != NULL) {
        entity_release(e);
        entity_release(e); /* the place's */
    }
    CHECK(before == 0 || e != NULL);
}

static void look(uint32_t at) {
    uint64_t id = atomic_load_explicit(&places[at], memory_order_relaxed);
    entity *e = at % 2 == 0 ? entity_find_kind(id, ENTITY_SESSION) : entity_find(id);
    if (e != NULL) {
        CHECK(e->id == id);
        CHECK_INT(((thing *)e)->check, ALIVE);
        atomic_fetch_add(&found, 1);
        entity_release(e);
    }
}

static void visit(void *arg, entity *e) {
    (void)arg;
    CHECK_INT(((thing *)e)->check, ALIVE);
}

static void race(void *arg) {
    uint32_t random = *(const uint32_t *)arg;
    uint32_t rounds = scale_sanitized() ? ROUNDS_SANITIZED : ROUNDS;
    for (uint32_t round = 0; round < rounds; round++) {
        uint32_t at = dice(&random, PLACES);
        if (dice(&random, 4) == 0) {
            replace(at);
        } else if (dice(&random, 64) == 0) {
            entity_each(ENTITY_ROOM, visit, NULL);
        } else {
            look(at);
        }
    }
}

SCENARIO(entity_race) {
    os_thread *threads[THREADS];
    uint32_t seeds[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        seeds[i] = i + 1;
        CHECK_INT(os_thread_start(&threads[i], "race", race, &seeds[i]), PORTICO_OK);
    }
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
    }
    for (uint32_t at = 0; at < PLACES; at++) {
        entity *e = entity_find(atomic_load(&places[at]));
        CHECK(e != NULL);
        entity_release(e);
        entity_release(e);
    }
    CHECK_INT(atomic_load(&freed), atomic_load(&added));
    CHECK(atomic_load(&found) > 0);
    entity_table_fini();
    printf("%u added, %u found\n", atomic_load(&added), atomic_load(&found));
}

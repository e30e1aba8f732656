/* entity_sweep.c: entities_sweep looks at the entities that are due and at no others; a request
 * made while it looks is not lost. */
#include "run/entity_table.h"

#include "support/check.h"

typedef struct thing {
    entity base; /* first */
    uint64_t next_ms;
    int swept;
    bool asks; /* in its sweep, as another thread might at that moment */
    bool freed;
} thing;

static thing things[3];

static void thing_free(entity *e) {
    ((thing *)e)->freed = true;
}

static uint64_t sweep(entity *e, uint64_t now_ms) {
    thing *t = (thing *)e;
    (void)now_ms;
    t->swept++;
    if (t->asks) {
        entity_sweep_soon(e);
    }
    return t->next_ms;
}

static const entity_sweep sweeps[ENTITY_KINDS] = {sweep, sweep, sweep};

static void check_swept(int first, int second, int third) {
    CHECK_INT(things[0].swept, first);
    CHECK_INT(things[1].swept, second);
    CHECK_INT(things[2].swept, third);
}

SCENARIO(entity_sweep) {
    for (int i = 0; i < 3; i++) {
        things[i].base.kind = (entity_kind)i;
        things[i].base.free = thing_free;
        CHECK(entity_add(&things[i].base, 1));
    }
    things[0].next_ms = 200;
    things[1].next_ms = ENTITY_SWEEP_LATER;
    things[2].next_ms = ENTITY_SWEEP_LATER;
    things[2].asks = true;
    entities_sweep(sweeps, 100);
    check_swept(1, 1, 1); /* all were new */
    things[2].asks = false;
    entities_sweep(sweeps, 199);
    check_swept(1, 1, 2);
    entities_sweep(sweeps, 200);
    check_swept(2, 1, 2);
    entity_sweep_soon(&things[1].base);
    things[0].next_ms = 1000;
    entities_sweep(sweeps, 201);
    check_swept(3, 2, 2);

    /* A slot that is used again is new again. */
    entity_release(&things[1].base);
    CHECK(things[1].freed);
    entities_sweep(sweeps, 300);
    check_swept(3, 2, 2);
    CHECK(entity_add(&things[1].base, 1));
    entities_sweep(sweeps, 301);
    check_swept(3, 3, 2);

    for (int i = 0; i < 3; i++) {
        entity_release(&things[i].base);
    }
    entity_table_fini();
}

/* Guards in guards: a fault ends the innermost call only. Faults one after another, of different
 * kinds, in the same guard and in the one around it. */
#include "guards.h"

typedef struct level {
    int depth;
    int faults; /* contained at this level */
    struct level *inner;
} level;

static uint32_t asked[8]; /* by the depth of the owner */

static bool contain(const os_fault *fault, void *owner) {
    const level *l = owner;
    CHECK(fault->in_guard);
    asked[l->depth]++;
    return true;
}

static const os_fault_hooks hooks = {contain, guards_end};

/* Faults in an inner guard, goes on, and faults itself. */
static void descend(void *arg) {
    level *l = arg;
    if (l->inner != NULL) {
        for (int i = 0; i < 3; i++) {
            CHECK(!os_guard_call(descend, l->inner, l->inner));
            l->inner->faults++;
        }
    }
    guards_run(l->depth % 2 == 0 ? GUARD_WRITE_NULL : GUARD_CALL_ABORT, NULL);
}

static void check_levels(void) {
    level levels[4] = {0};
    for (int i = 0; i < 4; i++) {
        levels[i].depth = i;
        levels[i].inner = i < 3 ? &levels[i + 1] : NULL;
    }
    CHECK(!os_guard_call(descend, &levels[0], &levels[0]));
    CHECK_EQ(levels[1].faults, 3);
    CHECK_EQ(levels[2].faults, 9);
    CHECK_EQ(levels[3].faults, 27);
    CHECK_EQ(asked[0], 1);
    CHECK_EQ(asked[1], 3);
    CHECK_EQ(asked[2], 9);
    CHECK_EQ(asked[3], 27);
}

/* A guard that has returned takes no fault. */
static void return_and_fault(void *arg) {
    level *inner = arg;
    CHECK(guards_call(GUARD_SPIN, &(int){1}, inner));
    CHECK_EQ(asked[inner->depth], 0);
    guards_run(GUARD_JUMP_NULL, NULL);
}

static void check_returned(void) {
    level outer = {.depth = 4};
    level inner = {.depth = 5};
    CHECK(!os_guard_call(return_and_fault, &inner, &outer));
    CHECK_EQ(asked[4], 1);
    CHECK_EQ(asked[5], 0);
    CHECK_EQ(os_guard_fault()->kind, OS_FAULT_MEMORY);
}

/* Stack overflows and other faults in turns: the handler's stack is free each time. */
static void check_turns(void) {
    level l = {.depth = 6};
    for (int i = 0; i < scale(200, 20); i++) {
        const guard_case *c = &guard_cases[i % 3 == 0 ? (int)GUARD_RECURSE : i % GUARD_RECURSE];
        CHECK(!guards_call((int)c->what, NULL, &l));
        guards_check(c, os_guard_fault());
    }
}

SCENARIO(guard_nested) {
    guards_start(&hooks);
    check_levels();
    check_returned();
    check_turns();
}

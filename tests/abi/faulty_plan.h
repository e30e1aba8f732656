/* faulty_plan.h: which calls of a faulty module fault, and how. For test modules; header only. Any
 * thread may take and set plans. */
#ifndef TEST_FAULTY_PLAN_H
#define TEST_FAULTY_PLAN_H

#include "faulty.h"

#include <stdatomic.h>
#include <stdio.h>

/* Which calls fault: the kind, and in the upper half how many calls do. */
static _Atomic uint64_t faulty_plans[FAULTY_ENTRIES];

static void faulty_plan_set(uint32_t entry, uint32_t kind, uint32_t times) {
    if (entry < FAULTY_ENTRIES) {
        atomic_store(&faulty_plans[entry], (uint64_t)times << 32 | (times > 0 ? kind : 0));
    }
}

/* How this call of `entry` faults: FAULTY_NONE if it does not. */
static uint32_t faulty_plan_take(uint32_t entry) {
    uint64_t plan = atomic_load(&faulty_plans[entry]);
    uint64_t next = 0;
    do {
        if (plan >> 32 == 0) {
            return FAULTY_NONE;
        }
        next = plan - ((uint64_t)1 << 32);
    } while (!atomic_compare_exchange_weak(&faulty_plans[entry], &plan, next));
    return (uint32_t)plan;
}

/* Reads the plans for `generation` from a file, whose lines are "ENTRY KIND GENERATION TIMES":
 * "start null_read 2 1". Generation 0 is any. The file replaces all plans, if there is one. */
static void faulty_plans_read(const char *path, uint32_t generation) {
    FILE *file = path != NULL && path[0] != '\0' ? fopen(path, "r") : NULL;
    char entry[32];
    char kind[32];
    unsigned of = 0;
    unsigned times = 0;
    if (file == NULL) {
        return;
    }
    for (uint32_t i = 0; i < FAULTY_ENTRIES; i++) {
        faulty_plan_set(i, FAULTY_NONE, 0);
    }
    while (fscanf(file, "%31s %31s %u %u", entry, kind, &of, &times) == 4) { /* NOLINT */
        if (of == 0 || of == generation) {
            faulty_plan_set(faulty_entry_of(entry), faulty_kind_of(kind), times);
        }
    }
    (void)fclose(file);
}

#endif

/* fault_flood.c: faults without end are reported once and then counted: none is forgotten. */
#include "module/fault_flood.h"

#include "support/check.h"

static flood f;

static flood_key key_of(uintptr_t place) {
    return (flood_key){.module = "arena", .generation = 3, .place = place};
}

static uint64_t add(uintptr_t place, uint64_t report, uint64_t now_ms) {
    flood_key key = key_of(place);
    return flood_add(&f, &key, report, now_ms);
}

static void no_sum(uint64_t now_ms) {
    flood_sum sum;
    CHECK(!flood_take(&f, now_ms, false, &sum));
}

static void sum_is(uint64_t now_ms, bool all, uint64_t report, uint64_t more, uint64_t for_ms) {
    flood_sum sum;
    CHECK(flood_take(&f, now_ms, all, &sum));
    CHECK_INT(sum.report, report);
    CHECK_INT(sum.more, more);
    CHECK_INT(sum.for_ms, for_ms);
}

static void one_place(void) {
    CHECK_INT(add(1, 10, 1000), 10);
    for (int i = 0; i < 5000; i++) {
        CHECK_INT(add(1, 11, 2000), 10);
    }
    no_sum(1000 + FLOOD_MS - 1);
    sum_is(1000 + FLOOD_MS, false, 10, 5000, FLOOD_MS);
    no_sum(1000 + 9 * FLOOD_MS);
    /* It goes on: still no second report. */
    CHECK_INT(add(1, 12, 2000 + FLOOD_MS - 1), 10);
    sum_is(1000 + 2 * FLOOD_MS, false, 10, 1, FLOOD_MS);
    /* It was quiet for long enough: a report of its own. */
    CHECK_INT(add(1, 13, 1000 + 3 * FLOOD_MS), 13);
    no_sum(1000 + 9 * FLOOD_MS);
}

static void differences(void) {
    flood_key key = key_of(1);
    memset(&f, 0, sizeof f);
    CHECK_INT(flood_add(&f, &key, 1, 0), 1);
    key.generation++;
    CHECK_INT(flood_add(&f, &key, 2, 0), 2);
    key.kind++;
    CHECK_INT(flood_add(&f, &key, 3, 0), 3);
    key.call++;
    CHECK_INT(flood_add(&f, &key, 4, 0), 4);
    key.number++;
    CHECK_INT(flood_add(&f, &key, 5, 0), 5);
    key.module[0] = 'b';
    CHECK_INT(flood_add(&f, &key, 6, 0), 6);
    key.event++;
    CHECK_INT(flood_add(&f, &key, 7, 0), 7);
    CHECK_INT(flood_add(&f, &key, 8, 0), 7);
    CHECK_INT(add(1, 9, 0), 1);
}

static void many_places(void) {
    uint64_t counted = 0;
    flood_sum sum;
    memset(&f, 0, sizeof f);
    for (uint64_t i = 0; i < 1000; i++) {
        CHECK_INT(add(i, i + 1, 50), i < FLOOD_KINDS ? i + 1 : 0);
    }
    CHECK_INT(add(3, 2000, 60), 4); /* those that were reported are still known */
    flood_add_other(&f, 60);
    no_sum(50 + FLOOD_MS - 1);
    while (flood_take(&f, 100, true, &sum)) {
        counted += sum.more;
    }
    CHECK_INT(counted, 1000 - FLOOD_KINDS + 2);
    for (uint64_t i = 0; i < FLOOD_KINDS; i++) {
        CHECK_INT(add(i + 5000, i + 1, 100 + FLOOD_MS), i + 1);
    }
}

SCENARIO(fault_flood) {
    one_place();
    differences();
    many_places();
}

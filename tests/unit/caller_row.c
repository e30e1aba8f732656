/* caller_row.c: the steps of a row run one after another on one thread, which is not the thread
 * that waits for them, and the next row runs on the same. */
#include "module/caller.h"

#include "support/check.h"

enum { STEPS = 5, ROWS = 50 };

static _Thread_local char mark;

typedef struct journey {
    uint32_t order[STEPS];
    const char *threads[STEPS];
    uint32_t count;
} journey;

/* 0, 2, 4, 1, 3 */
static uint32_t go(void *arg, uint32_t at) {
    journey *j = arg;
    CHECK(j->count < STEPS);
    j->order[j->count] = at;
    j->threads[j->count++] = &mark;
    return j->count < STEPS ? (at + 2) % STEPS : CALLER_ROW_ENDS;
}

SCENARIO(caller_row) {
    const char *thread = NULL;
    for (int row = 0; row < ROWS; row++) {
        journey j = {0};
        caller_row(go, &j);
        CHECK_INT(j.count, STEPS);
        thread = row == 0 ? j.threads[0] : thread;
        for (uint32_t i = 0; i < STEPS; i++) {
            CHECK_INT(j.order[i], 2 * i % STEPS);
            CHECK(j.threads[i] == thread);
        }
    }
    CHECK(thread != &mark);
    CHECK(caller_stop());
}

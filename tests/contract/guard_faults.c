/* Each kind of fault again and again, in two threads at once and in the main thread: contained,
 * described, and the thread is as before. */
#include "guards.h"

#include <stdatomic.h>

enum { THREADS = 2 };

static atomic_int at_case; /* both threads are at this case */
static atomic_int arrived;
static atomic_int asked;

static bool contain(const os_fault *fault, void *owner) {
    (void)fault;
    atomic_fetch_add((atomic_int *)owner, 1);
    atomic_fetch_add(&asked, 1);
    return true;
}

static const os_fault_hooks hooks = {contain, guards_end};

static void run_case(const guard_case *c, int times) {
    atomic_int contained = 0;
    double kept = 1.5;
    for (int i = 0; i < times; i++) {
        CHECK(!guards_call((int)c->what, NULL, &contained));
        kept += 0.25;
        if (i < 10) {
            guards_check(c, os_guard_fault());
        }
        CHECK_EQ(os_guard_fault()->kind, c->kind);
    }
    CHECK_EQ(atomic_load(&contained), times);
    CHECK(kept == 1.5 + 0.25 * times);
}

/* Waits until the other thread is there, too: then both fault at the same time. */
static void meet(int number) {
    if (atomic_fetch_add(&arrived, 1) + 1 == THREADS * (number + 1)) {
        atomic_store(&at_case, number);
    }
    for (int i = 0; atomic_load(&at_case) < number && i < 60000; i++) {
        os_sleep(1);
    }
}

static void fault_main(void *arg) {
    int times = *(const int *)arg;
    for (int i = 0; guard_cases[i].name != NULL; i++) {
        meet(i);
        run_case(&guard_cases[i], times);
    }
}

SCENARIO(guard_faults) {
    os_thread *threads[THREADS];
    int times = scale(1000, 100);
    atomic_store(&at_case, -1);
    guards_start(&hooks);
    for (int i = 0; i < THREADS; i++) {
        CHECK_OK(os_thread_start(&threads[i], "faults", fault_main, &times));
    }
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
    }
    int cases = 0;
    for (; guard_cases[cases].name != NULL; cases++) {
    }
    CHECK_EQ(atomic_load(&asked), cases * times * THREADS);
    for (int i = 0; i < cases; i++) {
        run_case(&guard_cases[i], 3);
    }
}

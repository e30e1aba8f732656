/* A thread's pace can be changed and changed back by another thread and by itself, without a right,
 * at any time, and the thread runs at each. What it is good for shows only on busy processors: the
 * test reports how late a thread wakes beside one that computes, but does not check it. */
#include "contract.h"
#include "os/hurry.h"

#include <stdatomic.h>
#include <stdio.h>

enum { CHANGES = 300, WAKES = 40, WAKE_NS = 3000000 };

static atomic_bool stop;
static _Atomic uint64_t rounds;

static void compute(void *arg) {
    (void)arg;
    while (!atomic_load(&stop)) {
        atomic_fetch_add(&rounds, 1);
    }
}

static void runs_on(void) {
    uint64_t before = atomic_load(&rounds);
    while (atomic_load(&rounds) == before) { /* or the watchdog ends the test */
        os_sleep(1);
    }
}

/* All changes of a thread succeed, or none. */
static void changes(os_thread *thread) {
    bool can = os_thread_pace(thread, OS_PACE_LONG);
    for (int i = 0; i < CHANGES; i++) {
        CHECK(os_thread_pace(thread, (os_pace)(i % 3)) == can);
    }
    CHECK(os_thread_pace(thread, OS_PACE_USUAL) == can);
}

static void report(os_alarm *alarm, const char *what) {
    uint64_t late_ns = 0;
    for (int i = 0; i < WAKES; i++) {
        uint64_t until_ns = os_monotonic_ns() + WAKE_NS;
        while (os_monotonic_ns() < until_ns) {
            os_alarm_sleep(alarm, until_ns);
        }
        late_ns += os_monotonic_ns() - until_ns;
    }
    printf("beside threads that compute%s: %llu us late on average\n", what,
           (unsigned long long)late_ns / WAKES / 1000);
}

SCENARIO(pace) {
    enum { THREADS = 2 };
    os_thread *threads[THREADS];
    os_alarm *alarm = NULL;
    CHECK_OK(os_alarm_create(&alarm));
    for (int i = 0; i < THREADS; i++) {
        CHECK_OK(os_thread_start(&threads[i], "computes", compute, NULL));
    }
    runs_on();
    changes(NULL);
    report(alarm, "");
    for (int i = 0; i < THREADS; i++) {
        changes(threads[i]);
        (void)os_thread_pace(threads[i], OS_PACE_LONG);
    }
    report(alarm, " at a long pace");
    runs_on();
    (void)os_thread_pace(NULL, OS_PACE_BRISK);
    report(alarm, " at a long pace, as a brisk one");
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
    }
    os_thread_hurry();
    changes(NULL);
    os_alarm_destroy(alarm);
}

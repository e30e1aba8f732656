/* aside.c: see aside.h. */
#if !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "support/aside.h"

#include "abi/system.h"
#include "support/check.h"

#if !defined(_WIN32)
#include <sched.h>
#endif

typedef struct call {
    void (*run)(void *arg);
    void *arg;
} call;

static bool measures;

void aside_measures(void) {
    measures = true;
}

void aside_enter(void) {
    if (!measures) {
        return;
    }
#if defined(_WIN32)
    CHECK(SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_IDLE));
#else
    const struct sched_param none = {0};
    CHECK(sched_setscheduler(0, SCHED_IDLE, &none) == 0); /* 0: this thread */
#endif
}

static system_thread_result SYSTEM_THREAD_CALL enter_and_run(void *arg) {
    const call *c = arg;
    aside_enter();
    c->run(c->arg);
    return 0;
}

void aside_run(void (*run)(void *arg), void *arg) {
    if (!measures) {
        run(arg);
        return;
    }
    call c = {run, arg};
    system_thread thread;
    CHECK(system_thread_start(&thread, enter_and_run, &c));
    system_thread_join(thread);
}

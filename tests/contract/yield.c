/* A thread that yields lets those run that it has woken before. All share one processor here, as
 * they do in a host whose other processors compute. Other programs may get in between: most must
 * have run, not all. */
#if !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "contract.h"
#include "os/hurry.h"

#include <stdatomic.h>
#include <stdio.h>

#if defined(_WIN32)
#include <windows.h>
#else
#include <sched.h>
#endif

enum { WAKES = 200 };

static os_mutex lock;
static os_cond changed;
static uint32_t asked;
static _Atomic uint32_t answered;

static bool share_one_processor(void) {
#if defined(_WIN32)
    return SetProcessAffinityMask(GetCurrentProcess(), 1);
#else
    cpu_set_t one;
    int here = sched_getcpu();
    CPU_ZERO(&one);
    CPU_SET(here >= 0 ? here : 0, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0;
#endif
}

/* Or Linux may let it run as soon as it is woken. */
static void wait_for_a_processor(void) {
#if !defined(_WIN32)
    const struct sched_param none = {0};
    CHECK(sched_setscheduler(0, SCHED_BATCH, &none) == 0); /* 0: this thread */
#endif
}

static void answer(void *arg) {
    (void)arg;
    wait_for_a_processor();
    os_mutex_lock(&lock);
    while (atomic_load(&answered) < WAKES) {
        if (atomic_load(&answered) < asked) {
            atomic_fetch_add(&answered, 1);
        } else {
            os_cond_wait(&changed, &lock, UINT32_MAX);
        }
    }
    os_mutex_unlock(&lock);
}

SCENARIO(yield) {
    uint32_t at_once = 0;
    os_thread *thread;
    if (!share_one_processor()) {
        contract_skip("the threads cannot be made to share a processor");
        return;
    }
    CHECK_OK(os_thread_start(&thread, "answers", answer, NULL));
    for (uint32_t i = 1; i <= WAKES; i++) {
        os_sleep(1); /* it waits, or the watchdog ends the test */
        os_mutex_lock(&lock);
        asked = i;
        os_cond_wake_all(&changed);
        os_mutex_unlock(&lock);
        os_yield();
        at_once += atomic_load(&answered) == i;
        while (atomic_load(&answered) != i) {
            os_sleep(1);
        }
    }
    os_thread_join(thread);
    printf("%u of %d threads had run when the one that woke them continued\n", at_once, WAKES);
    CHECK(at_once * 2 > WAKES);
}

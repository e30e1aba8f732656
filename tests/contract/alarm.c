/* An alarm sleeps until its time, without spinning. A ring ends the sleep, even one that came
 * before it, and even an endless sleep. The test reports how late the alarm wakes, but does not
 * check it. */
#include "contract.h"

#include <stdatomic.h>
#include <stdio.h>

enum { SLEEPS = 40, SLEEP_NS = 5300000, RINGS = 300 };

static const uint64_t far_ns = 3600000000000u;

static os_alarm *alarm;
static atomic_uint rung;
static atomic_uint woken;

static void by_time(void) {
    uint64_t late_ns = 0;
    uint64_t worst_ns = 0;
    uint32_t returns = 0;
    for (int i = 0; i < SLEEPS; i++) {
        uint64_t until_ns = os_monotonic_ns() + SLEEP_NS;
        uint64_t now_ns = 0;
        while ((now_ns = os_monotonic_ns()) < until_ns) {
            os_alarm_sleep(alarm, until_ns);
            returns++;
        }
        late_ns += now_ns - until_ns;
        worst_ns = now_ns - until_ns > worst_ns ? now_ns - until_ns : worst_ns;
    }
    printf("%d sleeps of %.1f ms: %u returns, %llu us late on average, %llu us at most\n", SLEEPS,
           SLEEP_NS / 1e6, returns, (unsigned long long)late_ns / SLEEPS / 1000,
           (unsigned long long)worst_ns / 1000);
    CHECK(returns <= 3 * SLEEPS);
}

static void ring_main(void *arg) {
    (void)arg;
    for (uint32_t i = 1; i <= RINGS; i++) {
        atomic_store(&rung, i);
        os_alarm_ring(alarm);
        while (atomic_load(&woken) < i) {
            os_alarm_ring(alarm); /* more than one ring for one sleep */
        }
    }
}

SCENARIO(alarm) {
    CHECK_OK(os_alarm_create(&alarm));
    by_time();
    os_alarm_sleep(alarm, 0); /* long past: returns */
    os_alarm_ring(alarm);
    /* the ring was kept for this sleep, or the watchdog ends the test */
    os_alarm_sleep(alarm, UINT64_MAX);
    os_alarm_ring(alarm);
    os_alarm_sleep(alarm, os_monotonic_ns() + far_ns);
    os_thread *ringer = NULL;
    CHECK_OK(os_thread_start(&ringer, "ringer", ring_main, NULL));
    for (uint32_t i = 1; i <= RINGS; i++) {
        while (atomic_load(&rung) < i) {
            os_alarm_sleep(alarm, i % 2 != 0 ? UINT64_MAX : os_monotonic_ns() + far_ns);
        }
        atomic_store(&woken, i);
    }
    os_thread_join(ringer);
    os_alarm_destroy(alarm);
}

/* lock.c: mutexes, conditions and alarms, in which the simulated threads wait. Their storage
 * names the owner; token.c knows the threads that wait, by the address. */
#include "races.h"
#include "token.h"

#include <stdlib.h>

void os_mutex_lock(os_mutex *mutex) {
    token_call("mutex_lock", 0);
    RACES_MUTEX(pre_lock, mutex, 0);
    while (mutex->sys[0] != 0) {
        if (mutex->sys[0] == run.thread->number) {
            sim_fail("a thread locks a mutex that it has already locked");
        }
        token_wait(mutex, UINT64_MAX);
    }
    mutex->sys[0] = run.thread->number;
    RACES_MUTEX(post_lock, mutex, 0, 0);
}

/* Touches the mutex only before another thread can run: its next owner may free it. */
static void mutex_release(os_mutex *mutex) {
    if (mutex->sys[0] != run.thread->number) {
        sim_fail("a thread unlocks a mutex that it has not locked");
    }
    RACES_MUTEX(pre_unlock, mutex, 0);
    mutex->sys[0] = 0;
    token_wake(mutex);
    RACES_MUTEX(post_unlock, mutex, 0);
}

void os_mutex_unlock(os_mutex *mutex) {
    mutex_release(mutex);
    token_call("mutex_unlock", 0);
}

bool os_cond_wait(os_cond *cond, os_mutex *mutex, uint32_t timeout_ms) {
    token_call("cond_wait", timeout_ms);
    mutex_release(mutex);
    bool woken = true;
    if (fault_strikes(SIM_FAULT_WAKE)) {
        sim_yield();
    } else {
        woken = token_wait(cond, token_until(timeout_ms));
    }
    run_note("= ", "cond_wait", woken);
    os_mutex_lock(mutex);
    return woken;
}

void os_cond_wake_all(os_cond *cond) {
    token_wake(cond);
    token_call("cond_wake_all", 0);
}

struct os_alarm {
    bool rung;
};

portico_status os_alarm_create(os_alarm **alarm) {
    token_call("alarm_create", 0);
    *alarm = NULL;
    portico_status status = handle_new();
    if (status != PORTICO_OK) {
        return error_simulated(status);
    }
    *alarm = run_alloc(sizeof **alarm);
    return PORTICO_OK;
}

void os_alarm_destroy(os_alarm *alarm) {
    free(alarm);
    handle_give_back();
}

void os_alarm_sleep(os_alarm *alarm, uint64_t until_ns) {
    token_call("alarm_sleep", until_ns);
    uint64_t tick_ns = token_tick(until_ns); /* before it the clock has not reached `until_ns` */
    if (!alarm->rung && tick_ns > run.now_ns && !fault_strikes(SIM_FAULT_WAKE)) {
        token_wait(alarm, tick_ns);
    }
    alarm->rung = false;
    RACES_AFTER(alarm);
}

void os_alarm_ring(os_alarm *alarm) {
    RACES_BEFORE(alarm);
    alarm->rung = true;
    token_wake(alarm);
    token_call("alarm_ring", 0);
}

void os_sleep(uint32_t timeout_ms) {
    token_call("sleep", timeout_ms);
    token_wait(NULL, token_until(timeout_ms));
}

/* alarm.c: a sleep until a point in time that another thread can end: a condition variable, whose
 * timeout is in nanoseconds. */
#include "error.h"
#include "os/os.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct os_alarm {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool rung;
};

portico_status os_alarm_create(os_alarm **alarm) {
    os_alarm *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return error_set(ENOMEM);
    }
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->wake, NULL);
    *alarm = a;
    return PORTICO_OK;
}

void os_alarm_destroy(os_alarm *alarm) {
    pthread_cond_destroy(&alarm->wake);
    pthread_mutex_destroy(&alarm->lock);
    free(alarm);
}

void os_alarm_sleep(os_alarm *alarm, uint64_t until_ns) {
    struct timespec until = {.tv_sec = (time_t)(until_ns / 1000000000),
                             .tv_nsec = (long)(until_ns % 1000000000)};
    pthread_mutex_lock(&alarm->lock);
    if (!alarm->rung && until_ns == UINT64_MAX) {
        pthread_cond_wait(&alarm->wake, &alarm->lock);
    } else if (!alarm->rung) {
        pthread_cond_clockwait(&alarm->wake, &alarm->lock, CLOCK_MONOTONIC, &until);
    }
    alarm->rung = false;
    pthread_mutex_unlock(&alarm->lock);
}

void os_alarm_ring(os_alarm *alarm) {
    pthread_mutex_lock(&alarm->lock);
    alarm->rung = true;
    pthread_cond_signal(&alarm->wake);
    pthread_mutex_unlock(&alarm->lock);
}

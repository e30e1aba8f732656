/* alarm.c: a sleep until a point in time that another thread can end: a futex, whose timeout is in
 * nanoseconds. */
#include "error.h"
#include "mutex.h"
#include "os/os.h"

#include <errno.h>
#include <stdlib.h>

struct os_alarm {
    _Atomic uint32_t rung; /* 1: since the last sleep */
};

portico_status os_alarm_create(os_alarm **alarm) {
    os_alarm *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return error_set(ENOMEM);
    }
    *alarm = a;
    return PORTICO_OK;
}

void os_alarm_destroy(os_alarm *alarm) {
    free(alarm);
}

void os_alarm_sleep(os_alarm *alarm, uint64_t until_ns) {
    if (atomic_exchange(&alarm->rung, 0) == 0) {
        futex_sleep(&alarm->rung, 0, until_ns); /* returns at once if it has been rung by now */
        (void)atomic_exchange(&alarm->rung, 0); /* no store: it must see what a ringer wrote */
    }
}

void os_alarm_ring(os_alarm *alarm) {
    if (atomic_exchange(&alarm->rung, 1) == 0) {
        futex_wake(&alarm->rung, 1);
    }
}

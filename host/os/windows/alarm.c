/* alarm.c: a sleep until a point in time that another thread can end: a waitable timer and an
 * event.
 *
 * The timeouts of waits, including those of condition variables, end with the system's tick,
 * usually 15.6 ms. A waitable timer created with CREATE_WAITABLE_TIMER_HIGH_RESOLUTION does not; it
 * exists since Windows 10, version 1803
 * (https://learn.microsoft.com/windows/win32/api/synchapi/nf-synchapi-createwaitabletimerexw).
 * Older systems run with a tick of 1 ms while the alarm exists
 * (https://learn.microsoft.com/windows/win32/api/timeapi/nf-timeapi-timebeginperiod).
 */
#include "error.h"

#include <stdlib.h>

#ifndef CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION \
    2 /* as in the Windows SDK's synchapi.h; mingw's headers lack it */
#endif

enum { TICK_MS = 1 };

typedef UINT(WINAPI *set_period)(UINT period_ms);

struct os_alarm {
    HANDLE handles[2]; /* the event, the timer: both reset automatically */
    HMODULE winmm;     /* NULL: the system's tick is unchanged */
};

/* Loads winmm.dll only here: where the timer is exact it is not needed. */
static void tick_shorten(os_alarm *a) {
    a->winmm = LoadLibraryExW(L"winmm.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    set_period begin =
        a->winmm != NULL ? (set_period)win_find(L"winmm.dll", "timeBeginPeriod") : NULL;
    if (begin != NULL) {
        begin(TICK_MS);
    }
}

static void tick_restore(os_alarm *a) {
    if (a->winmm != NULL) {
        set_period end = (set_period)win_find(L"winmm.dll", "timeEndPeriod");
        if (end != NULL) {
            end(TICK_MS);
        }
        FreeLibrary(a->winmm);
    }
}

portico_status os_alarm_create(os_alarm **alarm) {
    *alarm = NULL;
    os_alarm *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return error_set(ERROR_NOT_ENOUGH_MEMORY);
    }
    a->handles[0] = CreateEventW(NULL, FALSE, FALSE, NULL);
    a->handles[1] =
        CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, TIMER_ALL_ACCESS);
    if (a->handles[1] == NULL) {
        a->handles[1] = CreateWaitableTimerExW(NULL, NULL, 0, TIMER_ALL_ACCESS);
        tick_shorten(a);
    }
    if (a->handles[0] == NULL || a->handles[1] == NULL) {
        portico_status status = error_set(GetLastError());
        os_alarm_destroy(a);
        return status;
    }
    *alarm = a;
    return PORTICO_OK;
}

void os_alarm_destroy(os_alarm *alarm) {
    for (int i = 0; i < 2; i++) {
        if (alarm->handles[i] != NULL) {
            CloseHandle(alarm->handles[i]);
        }
    }
    tick_restore(alarm);
    free(alarm);
}

void os_alarm_sleep(os_alarm *alarm, uint64_t until_ns) {
    DWORD count = 1; /* for ever: the event only */
    if (until_ns != UINT64_MAX) {
        uint64_t now_ns = os_monotonic_ns();
        uint64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
        /* Relative times are negative, in units of 100 ns. Setting a timer clears an earlier
         * expiry. */
        LARGE_INTEGER due = {.QuadPart = -(LONGLONG)((left_ns + 99) / 100)};
        if (left_ns == 0 || !SetWaitableTimer(alarm->handles[1], &due, 0, NULL, NULL, FALSE)) {
            return;
        }
        count = 2;
    }
    WaitForMultipleObjects(count, alarm->handles, FALSE, INFINITE);
}

void os_alarm_ring(os_alarm *alarm) {
    SetEvent(alarm->handles[0]);
}

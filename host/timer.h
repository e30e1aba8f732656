/* timer.h: what is to happen later, handed to the workers through the port.
 *
 * One thread sleeps until the earliest timer is due and posts its op; the op's `done` then runs on a
 * worker like any completion. Set and cancel may be called from any thread. A timer's memory is its
 * owner's: it must stay until the op has completed or timer_cancel has returned true.
 * One lock, taken last: nothing else is locked while it is held.
 */
#ifndef PORTICO_TIMER_H
#define PORTICO_TIMER_H

#include "os/os.h"

typedef struct timer {
    os_op op;        /* private */
    uint64_t due_ns; /* private */
    size_t index;    /* private: place in the heap + 1, 0 when not set */
} timer;

portico_status timers_start(os_port *port);

/* Stops the thread. Timers still set never fire. */
void timers_stop(void);

/* Readies a zeroed timer and keeps a place for it, so that setting it cannot fail. PORTICO_E_NO_MEMORY. */
portico_status timer_init(timer *t, void (*done)(const os_completion *completion));

/* Gives the place back. It is not set, and its op is not on its way. */
void timer_fini(timer *t);

/* Fires once, `delay_ms` from now. Setting a timer that is set moves it. */
void timer_set(timer *t, uint32_t delay_ms);

/* The same at a time of os_monotonic_ns(). */
void timer_set_at(timer *t, uint64_t due_ns);

/* True: it was set and will not fire. False: it was not set, or its op is on its way. */
bool timer_cancel(timer *t);

/* How many are set. */
size_t timers_count(void);

#endif

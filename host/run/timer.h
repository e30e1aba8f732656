/* timer.h: what is to happen later.
 *
 * One thread, `timers`, sleeps until the earliest timer is due. A timer made by timer_init then has its op posted, whose
 * `done` runs on a worker like any completion; one made by timer_init_direct is called on the timers thread itself, which
 * saves the way through the port: only for what is short, never waits and runs no module code.
 * Set and cancel may be called from any thread, also from what is called. A timer's memory is its owner's: it must stay
 * until it has fired or timer_cancel has returned true.
 * One lock, taken last but for the port's and the alarm's; no lock is held while a direct timer is called.
 */
#ifndef PORTICO_TIMER_H
#define PORTICO_TIMER_H

#include "os/os.h"

/* Private. */
typedef struct timer {
    os_op op;                       /* what is posted, if it is not direct */
    void (*direct)(struct timer *); /* NULL: post the op */
    size_t index;                   /* place in the heap + 1, 0 when not set */
} timer;

portico_status timers_start(os_port *port);

/* Stops the thread. Timers still set never fire; what was being called has returned. */
void timers_stop(void);

/* Frees what timers stand in. No thread uses them any more: workers may until they are stopped. */
void timers_fini(void);

/* Readies a zeroed timer and keeps a place for it, so that setting it cannot fail. PORTICO_E_NO_MEMORY. */
portico_status timer_init(timer *t, void (*done)(const os_completion *completion));

/* The same for a timer that is called on the timers thread. The call may free it. */
portico_status timer_init_direct(timer *t, void (*call)(timer *t));

/* Gives the place back. It is not set, and its op is not on its way. */
void timer_fini(timer *t);

/* Fires once, `delay_ms` from now. Setting a timer that is set moves it. */
void timer_set(timer *t, uint32_t delay_ms);

/* The same at a time of os_monotonic_ns(). */
void timer_set_at(timer *t, uint64_t due_ns);

/* True: it was set and will not fire. False: it was not set, or its op or its call is on its way. */
bool timer_cancel(timer *t);

/* How many are set. */
size_t timers_count(void);

#endif

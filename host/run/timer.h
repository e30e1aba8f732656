/* timer.h: things to do later.
 *
 * One thread, `timers`, sleeps until the earliest timer is due. It then posts the op of a timer
 * made by timer_init, whose `done` runs on a worker like any completion. A timer made by
 * timer_init_direct is called on the timers thread itself, which saves the way through the port, or
 * on a worker before a batch (timers_help): only for calls that are short, never wait and run no
 * module code. Any thread may set and cancel timers, also in such a call. A timer's memory belongs
 * to its owner and must stay valid until the timer has fired or timer_cancel has returned true. One
 * lock; only the locks of the port and the alarm are below it. It is not held during a direct call.
 */
#ifndef PORTICO_TIMER_H
#define PORTICO_TIMER_H

#include "os/os.h"
#include "run/durations.h"

#include <stdatomic.h>

/* Private. */
typedef struct timer {
    os_op op;                       /* posted when due, unless direct */
    void (*direct)(struct timer *); /* NULL: post the op */
    size_t index;                   /* place in the heap + 1; 0: not set */
} timer;

portico_status timers_start(os_port *port);

/* Stops the thread. Timers that are still set never fire; no direct call is running any more. */
void timers_stop(void);

/* Frees the heap. No thread uses timers any more; workers may until they have stopped. */
void timers_fini(void);

/* Prepares a zeroed timer and reserves a place for it, so that setting it cannot fail.
 * PORTICO_E_NO_MEMORY: it is not prepared. */
portico_status timer_init(timer *t, void (*done)(const os_completion *completion));

/* The same for a timer that is called on the timers thread. The call may free the timer. */
portico_status timer_init_direct(timer *t, void (*call)(timer *t));

/* Gives the place back. The timer is not set, and its op is not queued. */
void timer_fini(timer *t);

/* Makes the timer fire once, `delay_ms` from now. Setting it again moves it. */
void timer_set(timer *t, uint32_t delay_ms);

/* The same at a time of os_monotonic_ns(). */
void timer_set_at(timer *t, uint64_t due_ns);

/* True: it was set and will not fire. False: it was not set, or is firing. */
bool timer_cancel(timer *t);

/* Private: when the earliest timer will be late. */
extern _Atomic uint64_t timers_late_ns;
void timers_fire_late(uint64_t now_ns);

/* Fires timers that are late, unless the timers thread is firing some. For a thread that holds no
 * lock and is in no entity's turn. */
static inline void timers_help(uint64_t now_ns) {
    if (now_ns >= atomic_load_explicit(&timers_late_ns, memory_order_relaxed)) {
        timers_fire_late(now_ns);
    }
}

/* How late timers have fired since the start. */
void timers_lateness(durations_view *view);

/* How many are set. */
size_t timers_count(void);

#endif

/* stop_waiter.h: an administrator who asked the host to stop, and waits for the end of the
 * stop.
 *
 * `ctl stop` keeps its connection. While the stop lasts, the admin thread sends it lines: how many
 * sessions are left, that they are cut off, and at last the exit code. The thread that knows the
 * code announces it: the control thread when all has ended, or the warden when something is stuck.
 * A waiter that goes away changes nothing.
 */
#ifndef PORTICO_STOP_WAITER_H
#define PORTICO_STOP_WAITER_H

#include "admin/lines.h"

#include <stdint.h>

typedef struct stop_waiter {
    bool waits;
    bool cut;          /* has been told that sessions are cut off */
    bool last;         /* has been given the last line */
    bool told;         /* the last line has been sent */
    uint64_t look_ms;  /* when to look next */
    uint64_t said_ms;  /* when it was last given a line */
    uint64_t sessions; /* how many were left then */
    uint64_t left;     /* how many were left at the last look */
} stop_waiter;

/* It waits from now on. [admin thread, as the next three] */
void stop_waiter_begin(stop_waiter *w);

/* True: `to` has new lines for it, which end the answer if the exit code is known. */
bool stop_waiter_look(stop_waiter *w, uint64_t now_ms, lines *to);

/* Everything that it was given has been sent. */
void stop_waiter_sent(stop_waiter *w);

/* Its connection is closed. Harmless if it does not wait. */
void stop_waiter_end(stop_waiter *w);

/* The host ends with this exit code, which every waiter now gets. The first call counts. [any
 * thread] */
void stop_announce(int exit_code);

/* Whether no waiter is left that has not been told. [any thread] */
bool stop_all_told(void);

#endif

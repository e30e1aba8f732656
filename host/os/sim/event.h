/* event.h: what happens at a time of its own, such as the arrival of bytes. */
#ifndef PORTICO_SIM_EVENT_H
#define PORTICO_SIM_EVENT_H

#include <stdint.h>

/* Calls happen(arg, value) at that time, or soon if it is past, on the thread that holds the token.
 * Events of the same time run in the order in which they were added. `happen` does not hand the
 * token on. */
void event_add(uint64_t at_ns, void (*happen)(void *arg, uint64_t value), void *arg,
               uint64_t value);

/* When the next one is due; UINT64_MAX: there is none. */
uint64_t event_next_ns(void);

/* Runs those that are due. */
void events_run(void);

#endif

/* warden.h: sees to it that a stop ends. [main thread]
 *
 * Its thread counts from the moment that a stop is asked for (run/stop_clock.h), whatever the other
 * threads do. At the cut it closes all sessions hard. At the end it has every call that runs named
 * in the log, with a backtrace, and ends the process with STOP_STUCK.
 */
#ifndef PORTICO_WARDEN_H
#define PORTICO_WARDEN_H

#include "config/config.h"

/* False: there is no thread. */
bool warden_start(const config *c);

/* From now on sessions are not touched: their memory is about to be freed. */
void warden_spare_sessions(void);

/* The host has stopped: ends the thread. */
void warden_stop(void);

#endif

/* watchdog_thread.h: the watchdog's own thread. It looks at all calls (watchdog.h), whatever the
 * workers do, and says when all of them are stuck. [control thread] */
#ifndef PORTICO_WATCHDOG_THREAD_H
#define PORTICO_WATCHDOG_THREAD_H

#include <portico/status.h>

#include <stdint.h>

/* The workers have started. `limit_ms` as of watchdog_start; the statuses of os_thread_start. */
portico_status watchdog_thread_start(uint32_t limit_ms);

/* Before the workers stop. */
void watchdog_thread_stop(void);

#endif

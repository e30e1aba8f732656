/* fault_stuck.h: the report about calls that still run when the process ends because of them. */
#ifndef PORTICO_FAULT_STUCK_H
#define PORTICO_FAULT_STUCK_H

#include <stdint.h>

/* How many calls into modules run now: handlers, jobs, calls of a module's life. [any thread that
 * makes no call] */
uint32_t fault_stuck_count(void);

/* Names each in a line of the log, then has the reporter write a block about each, with its
 * backtrace. Returns when all is written, or at `until_ms`. [any thread that makes no call, once]
 */
void fault_stuck_tell(uint64_t until_ms);

#endif

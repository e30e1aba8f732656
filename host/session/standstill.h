/* standstill.h: notices that the host has not run for a while. A process that was suspended, by a
 * signal, a debugger or its virtual machine, finds that all time limits of its sessions have passed,
 * and may look at them before it reads what has arrived. No client is charged with that time. */
#ifndef PORTICO_SESSION_STANDSTILL_H
#define PORTICO_SESSION_STANDSTILL_H

#include <stdint.h>

/* Sweeps begin now. */
void standstill_start(void);

/* At the beginning of each sweep. If the last one was long ago, the sessions' limits begin anew.
 * [worker, one at a time] */
void standstill_look(uint64_t now_ms);

#endif

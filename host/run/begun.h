/* begun.h: marks what one call of a module begins (messages, timers, rooms), so that all of it can
 * be taken back if the call fails.
 */
#ifndef PORTICO_BEGUN_H
#define PORTICO_BEGUN_H

#include <stdint.h>

/* The number of the call that the thread makes; 0: nothing of it is taken back. What the thread
 * creates has the same number. */
extern _Thread_local uint32_t begun_now;

/* As such a number: it has been taken back. */
#define BEGUN_UNDONE UINT32_MAX

#endif

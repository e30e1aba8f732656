/* watchdog.h: names handlers that take longer than they should.
 *
 * Every call into a module is bracketed by module_enter and module_leave, which tell it here in a slot of the
 * calling thread's own: some stores a call. Now and then watchdog_look compares them with the limit. A call is never
 * told of too early; one of several in a row (watchdog_next) may be told of up to two looks late.
 */
#ifndef PORTICO_WATCHDOG_H
#define PORTICO_WATCHDOG_H

#include <stddef.h>
#include <stdint.h>

/* 0: never. */
void watchdog_start(uint32_t limit_ms);

enum { WATCHDOG_NAME_BYTES = 32 };

/* What the calling thread does in a module from now on: `what` is a constant such as
 * "opcode"; NULL for a call that may take as long as it likes. The name is followed by zeros. */
void watchdog_begin(const char module_name[WATCHDOG_NAME_BYTES], const char *what, uint32_t number,
                    uint64_t entity_id);
void watchdog_end(void);

/* That call is over, and another one of the same kind begins. */
void watchdog_next(uint32_t number);

/* Saves the next watchdog_begin a look at the clock: it is now_ns, and the calling thread calls nothing else before. 0: the
 * time is not known any more. */
void watchdog_clock(uint64_t now_ns);

/* Logs what is over its time, once for each call; that it has returned after all is logged later, by its end. */
void watchdog_look(void);

/* Writes which call into that module runs now, and for how long. */
void watchdog_describe(const char *module_name, char *text, size_t size);

/* How many calls are over their time now, and have been since the start. */
uint32_t watchdog_late(void);
uint64_t watchdog_total(void);

#endif

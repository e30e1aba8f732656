/* watchdog.h: logs handlers that run longer than they should.
 *
 * module_enter and module_leave enclose every call into a module and describe it in a slot of
 * the calling thread, which costs a few stores. watchdog_look, called now and then, compares the
 * calls with the limit. No call is reported too early; one of several in a row (watchdog_next)
 * may be reported up to two looks late.
 */
#ifndef PORTICO_WATCHDOG_H
#define PORTICO_WATCHDOG_H

#include <stddef.h>
#include <stdint.h>

/* Reports calls that take longer than `limit_ms`; 0: none. */
void watchdog_start(uint32_t limit_ms);

enum { WATCHDOG_NAME_BYTES = 32 };

/* Describes the call that the calling thread begins: `what` is a constant such as "opcode";
 * NULL: the call may take any time. The name is padded with zeros. */
void watchdog_begin(const char module_name[WATCHDOG_NAME_BYTES], const char *what, uint32_t number,
                    uint64_t entity_id);

/* The call has returned. */
void watchdog_end(void);

/* The call has returned, and another one of the same kind begins. */
void watchdog_next(uint32_t number);

/* Saves the next watchdog_begin from reading the clock: the time is `now_ns`, and the calling
 * thread begins no other call before. 0: the time is not known. */
void watchdog_clock(uint64_t now_ns);

/* Logs each call that exceeds the limit, once. When such a call returns, that is logged as well. */
void watchdog_look(void);

/* Writes which call into the module (NULL: any) has been running longest, and for how long. */
void watchdog_describe(const char *module_name, char *text, size_t size);

/* How many calls exceed the limit now, and have exceeded it since the start. */
uint32_t watchdog_late(void);
uint64_t watchdog_total(void);

#endif

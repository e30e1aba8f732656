/* stop_clock.h: when the host was asked to stop, and how long what follows may take.
 *
 * A stop has two deadlines: at the cut, `stop_timeout_ms` after it was asked for, all sessions are
 * closed hard; at the end, after twice that, the process ends whatever still runs (warden.h). All
 * functions: any thread, also one of the system's. The lock is a leaf.
 */
#ifndef PORTICO_STOP_CLOCK_H
#define PORTICO_STOP_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#define STOP_CLOCK_NEVER UINT64_MAX

/* The exit code of a host that could not stop in order. EX_OSERR of sysexits.h */
enum { STOP_STUCK = 71 };

/* The least time between the cut and the end. */
enum { STOP_CLOCK_LEAST_MS = 2000 };

/* Before any other function. [main thread] */
void stop_clock_start(uint32_t stop_timeout_ms);

/* A stop is asked for; only the first call counts. */
void stop_clock_ask(void);

/* The deadlines, in os_monotonic_ms; STOP_CLOCK_NEVER: no stop was asked for. */
uint64_t stop_clock_cut_ms(void);
uint64_t stop_clock_end_ms(void);

/* How long a stop takes at most. */
uint64_t stop_clock_total_ms(void);

/* How long ago the stop was asked for. */
uint64_t stop_clock_since_ms(void);

/* All sessions have ended, or are given up: what follows has time until the end. */
void stop_clock_drained(void);

/* Until when something may take that began at `begun_ms` and may usually take until `until_ms`.
 * During a stop that is at most half of the time until the next deadline, so that what hangs leaves
 * time for the rest. While no stop is asked for the answer may still become an earlier one. */
uint64_t stop_clock_limit_ms(uint64_t begun_ms, uint64_t until_ms);

/* Wait until a stop is asked for, and until a time. False: stop_clock_over was called. */
bool stop_clock_await(void);
bool stop_clock_sleep(uint64_t until_ms);

/* The stop is complete: ends those waits. */
void stop_clock_over(void);

#endif

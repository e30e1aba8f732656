/* token.h: the simulated threads, of which only the one that holds the token runs.
 *
 * Everything in this folder belongs to the holder of the token, so nothing needs a lock. A function
 * that hands the token on says so: what it read before may have changed when it returns.
 */
#ifndef PORTICO_SIM_TOKEN_H
#define PORTICO_SIM_TOKEN_H

#include "os/sim/run.h"

/* Begins a call of the seam: counts and notes it, advances the clock by CALL_NS, and may hand the
 * token on. `value` is what matters of the arguments. */
void token_call(const char *name, uint64_t value);

/* Ends a reading of the clock. A thread that reads it again and again and calls nothing else spins:
 * the clock then advances faster, and the token may go to another thread. */
void token_spin(void);

/* An atomic operation at which the token goes to another thread. Returns how many more until the
 * next. */
int64_t token_atomic(void);

/* Waits until token_wake for the same object (any address), or until the time has come
 * (UINT64_MAX: never). Hands the token on. False: the time has come. */
bool token_wait(const void *object, uint64_t until_ns);

/* Lets all threads that wait for the object run, or one of them, chosen by the seed. */
void token_wake(const void *object);
void token_wake_one(const void *object);

/* The absolute time that a wait of `timeout_ms` ends at; UINT64_MAX for UINT32_MAX. */
uint64_t token_until(uint32_t timeout_ms);

/* The clock's first tick that is not before this time (sim_options.clock_tick_us). */
uint64_t token_tick(uint64_t ns);

/* Sets os_error() of the calling thread to the simulated code of the status, unless that is
 * PORTICO_OK; returns the status. */
portico_status error_simulated(portico_status status);

/* That code. */
int32_t error_code(portico_status status);

/* os_error() is the real system's from now on. */
void error_is_real(void);

#endif

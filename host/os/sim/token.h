/* token.h: the simulated threads, of which only the one that holds the token runs; the clock; and
 * what happens at a time of its own (events).
 *
 * Everything in this folder belongs to the holder of the token, so nothing needs a lock. A function
 * that hands the token on says so: what it read before may have changed when it returns.
 */
#ifndef PORTICO_SIM_TOKEN_H
#define PORTICO_SIM_TOKEN_H

#include "os/sim/sim.h"

/* Begins a call of the seam: counts and hashes it, advances the clock by CALL_NS, and may hand the
 * token on. `value` is what matters of the arguments. */
void token_call(const char *name, uint64_t value);

/* Adds a result to the hash and the trace. */
void token_result(const char *name, uint64_t value);

/* Waits until token_wake for the same object (any address), or until the time has come
 * (UINT64_MAX: never). Hands the token on. False: the time has come. */
bool token_wait(const void *object, uint64_t until_ns);

/* Lets all threads that wait for the object run, or one of them, chosen by the seed. */
void token_wake(const void *object);
void token_wake_one(const void *object);

/* The absolute time that a wait of `timeout_ms` ends at; UINT64_MAX for UINT32_MAX. */
uint64_t token_until(uint32_t timeout_ms);

uint64_t token_now_ns(void);

/* Calls run(arg, value) at that time, or at once if it is past, by whichever thread holds the
 * token. Events of the same time run in the order in which they were made. `run` hands no token
 * on. */
void token_event(uint64_t at_ns, void (*run)(void *arg, uint64_t value), void *arg, uint64_t value);

/* Whether an event runs now, and not a call of the running thread's. */
bool token_in_event(void);

/* The running thread's number, from 1. 0: the thread is not simulated. */
uint32_t token_thread(void);

const sim_options *token_options(void);

/* An atomic operation at which the token may go to another thread. Returns how many more until the
 * next. */
int64_t token_atomic(void);

/* A memory block of the simulation's own, zeroed. Ends the process if there is none. */
void *token_alloc(size_t size);

/* ---- faults ------------------------------------------------------------------------------ */

/* A fault point: whether the call fails now. */
bool fault_strikes(sim_fault_kind kind);

/* Counts a handle of the simulation. False: the process may have no more. */
bool handle_take(void);
void handle_give_back(void);

/* Counts blocks that the host has allocated and not freed. */
void allocations_add(int64_t change);

/* Sets os_error() of the calling thread to the simulated code of the status; returns the status. */
portico_status error_simulated(portico_status status);

/* That code. */
int32_t error_code(portico_status status);

/* os_error() is the real system's from now on. */
void error_is_real(void);

#endif

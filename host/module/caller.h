/* caller.h: calls into modules that the control thread makes and that may not return: start, stop,
 * stopping, dependency_swaps, and the migrate of a module's own state and of a plan. [control
 * thread]
 *
 * A thread of its own, the caller's, makes the call, and the control thread waits for it only so
 * long. Then the call is ended as after a fault (os_guard_interrupt) if its thread is in the
 * module's own code. If it is not, as when it sleeps in the system, the call is lost: the host
 * behaves as if it had faulted, the generation is never called again, and another thread makes the
 * next calls. A lost call may go on for ever. It holds its generation, the host's functions refuse
 * it, and when it returns after all, its thread ends.
 */
#ifndef PORTICO_CALLER_H
#define PORTICO_CALLER_H

#include "module/module.h"

struct call;

/* The calls that follow share `timeout_ms`. After one that had to be ended, those that remain have
 * it again. While the host stops, a call has no more than stop_clock_limit_ms says. */
void caller_allow(uint32_t timeout_ms);

/* Makes the call for `g` outside the gate; with `staging` it may not change the host
 * (module_is_staging). False: it has faulted or not returned, and c->status is PORTICO_E_FAULT. If
 * the call is lost, g->lost is set. */
bool caller_make(module *m, generation *g, bool staging, struct call *c);

/* A row of steps, made on the thread of the calls with no other thread in between; the calls of
 * caller_make in it are made in place. `step` makes step `at` and returns the next one. The first
 * is 0. A step makes one call at most. It is made again, on another thread, if that call is lost,
 * which caller_make then says at once. Returns when the row has ended. */
#define CALLER_ROW_ENDS UINT32_MAX
typedef uint32_t (*caller_step)(void *arg, uint32_t at);
void caller_row(caller_step step, void *arg);

/* Ends the thread. Waits for a moment for calls that are lost. False: some go on, so the process
 * ends without returning from main(): their code may use what that would destroy. */
bool caller_stop(void);

/* Deletes the copies of the modules whose calls go on, where the system can. All reports have been
 * written. */
void caller_remove_copies(void);

#endif

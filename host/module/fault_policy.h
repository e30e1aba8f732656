/* fault_policy.h: decides what a contained fault does to its module.
 *
 *   A build on probation, which has served for less than probation_s, is rolled back at its first
 *   fault. Later three faults within ten seconds do that. If there is no generation before, or that
 *   one has faulted as well, the module is frozen instead: two faulty builds never alternate.
 *   Otherwise the fault costs what it happened in.
 *
 * A roll-back freezes the module first: from then on no thread enters its code. The control thread
 * rolls back and thaws.
 */
#ifndef PORTICO_FAULT_POLICY_H
#define PORTICO_FAULT_POLICY_H

#include "module/fault.h"
#include "module/module.h"

/* `act` posts what the control thread has to do about a module that has been frozen: with
 * `roll_back`, go back to the generation before; in both cases watch the time limit of frozen
 * modules. [any thread of the host] */
void fault_policy_start(void (*act)(module *m, bool roll_back));

/* A function of `g` has faulted. `closable`: a session can be closed for it. Does not return
 * FAULT_REFUSED or FAULT_ENDED. [the faulting thread, inside the gate] */
fault_verdict fault_judge(module *m, generation *g, bool closable);

/* A start, stop, migrate or the like has faulted: counts it; `g` is not rolled back to any more. */
void fault_note(generation *g);

/* Forgets the faults of the generation that serves, and lets it begin its probation again.
 * [control thread] */
void fault_forgive(module *m);

#endif

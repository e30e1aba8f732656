/* fault_policy.h: decides what a contained fault does to its module.
 *
 *   A build on probation, which has served for less than probation_s, is rolled back at its first
 *   fault. Later fault_limit faults within fault_window_s do that. If there is no previous
 *   generation, or it has faulted as well, the module is frozen instead: two faulty builds never
 *   alternate. Otherwise the fault costs only the session, room or message that it happened in.
 *
 * A roll-back freezes the module first: from then on no thread enters its code. The control thread
 * rolls back and thaws. There is one decision for each build, whichever thread faults first; the
 * faults of a generation that does not serve, by its jobs, are only counted. The lock of the policy
 * is above a gate's.
 */
#ifndef PORTICO_FAULT_POLICY_H
#define PORTICO_FAULT_POLICY_H

#include "module/fault.h"
#include "module/module.h"

typedef struct fault_limits {
    uint32_t probation_ms; /* 0: there is no probation */
    uint32_t count;        /* 0 (none is rolled back for it) to GENERATION_FAULTS */
    uint32_t window_ms;
} fault_limits;

/* `act` posts what the control thread has to do about a module that has been frozen: with
 * `roll_back`, go back to the generation before. [main thread; `act`: any thread of the host] */
void fault_policy_start(const fault_limits *limits, void (*act)(module *m, bool roll_back));

/* A function of `g` has faulted. `closable`: a session can be closed for it. Does not return
 * FAULT_REFUSED or FAULT_ENDED. [the faulting thread, inside the gate, or holding `g`] */
fault_verdict fault_judge(module *m, generation *g, bool closable);

/* The same at a time of os_monotonic_ms. */
fault_verdict fault_judge_at(module *m, generation *g, bool closable, uint64_t now_ms);

/* A start, stop, migrate or the like has faulted: counts it; `g` is not rolled back to any more. */
void fault_note(generation *g);

/* `g` serves and cannot go on: rolls back or freezes, whatever the limits are. [control thread] */
fault_verdict fault_give_up(module *m, generation *g);

/* Forgets the faults of the generation that serves, and lets it begin its probation again.
 * [control thread] */
void fault_forgive(module *m);

/* Thaws the module: another generation serves now, or the same one that is forgiven. A generation
 * that comes back although it has faulted begins its probation again. [control thread] */
void fault_thaw(module *m);

/* The module is being unloaded, so no fault freezes it any more. True: it is frozen already.
 * fault_stay ends that. [control thread] */
bool fault_leave(module *m);
void fault_stay(module *m);

#endif

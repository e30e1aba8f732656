/* life.h: the calls that accompany a module's life. [control thread]
 *
 * They are made outside the gate, and may take as long as caller_allow says (caller.h).
 */
#ifndef PORTICO_LIFE_H
#define PORTICO_LIFE_H

#include "module/module.h"

/* Call a function of a generation, if it has one. Of `start` and `stop` only one that is due:
 * `stop` follows a `start` that has succeeded. A fault is PORTICO_E_FAULT, and so is a call that
 * does not return within the time that caller_allow has set. After a fault in `stop` the
 * generation's library stays. A generation of which a call is lost is not called: PORTICO_E_FAULT.
 * If such a call was one of the generation that serves, fault_give_up has been called. */
portico_status module_call_start(module *m, generation *g, uint32_t why);
void module_call_stop(module *m, generation *g, uint32_t why);
portico_status module_call_dependency_swaps(module *m, const module *other, const char *version);
void module_call_stopping(module *m);

#endif

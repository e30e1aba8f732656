/* contain.h: what the control thread does about a module whose code has faulted: goes back to the
 * generation before, or waits until its next build or a thaw, while everybody stays connected.
 *
 * The faulting thread has frozen the module already (fault_policy.h).
 */
#ifndef PORTICO_CONTAIN_H
#define PORTICO_CONTAIN_H

#include "config/config.h"
#include "module/image.h"

/* Before the first module is loaded. [control thread] */
void contain_start(const config *c);

/* Lets a frozen module serve on with the build that it has, as if that had never faulted. `why`
 * says what happened. PORTICO_E_NOT_FOUND; PORTICO_E_STATE: it is not frozen, or one of its calls
 * has never returned. [control thread] */
portico_status contain_thaw(const char *name, char why[IMAGE_WHY_MAX]);

/* Closes the sessions that have waited for frozen modules for frozen_timeout_s. Now and then.
 * [worker, one thread at a time] */
void contain_sweep(uint64_t now_ms);

#endif

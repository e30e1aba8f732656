/* execute.h: what the commands of `ctl` do. [admin thread]
 *
 * Commands that only report run on the admin thread: they take no lock that is held while module
 * code runs, so they answer whatever the workers do. Those that change modules run on the control
 * thread.
 */
#ifndef PORTICO_EXECUTE_H
#define PORTICO_EXECUTE_H

#include "admin/job.h"
#include "admin/trace_follow.h"

/* Runs the command in `line`, for `who`, such as "ctl". One that changes something is logged with
 * that. `line` may begin with "json ": then the answer is a JSON object, and `stop` does not wait.
 * True: `answer` is its answer, or with *waits or *trace the first part of it: the rest comes as
 * the host stops (stop_waiter.h), or as the caller, who then has the trace, follows it. False: *job
 * will have it. `trace` is NULL: the caller follows none, and the answer refuses. */
bool execute(const char *line, const char *who, lines *answer, admin_job **job, bool *waits,
             trace_follow **trace);

#endif

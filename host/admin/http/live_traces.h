/* live_traces.h: the traces that a live connection follows. [admin thread]
 *
 * One begins with `run trace ...`, whose answer comes at once. Then come answers with its events,
 * each when the one before has been sent, until one says how it has ended. `unwatch trace ...` ends
 * it, and so does the end of the connection.
 */
#ifndef PORTICO_ADMIN_LIVE_TRACES_H
#define PORTICO_ADMIN_LIVE_TRACES_H

#include "admin/trace_follow.h"
#include "trace/trace.h"

typedef struct live_trace {
    trace_follow *follow; /* NULL: the place is free */
    char *command;
} live_trace;

typedef struct live_traces {
    live_trace all[TRACES_MAX];
} live_traces;

/* Whether it follows the trace of that command. */
bool live_traces_have(live_traces *t, const char *command);

/* Takes over both. There is a place: there are no more than TRACES_MAX. */
void live_traces_add(live_traces *t, trace_follow *follow, char *command);

void live_traces_remove(live_traces *t, const char *command);
void live_traces_free(live_traces *t);

/* The command of a trace that has an answer, which `answer` gets; NULL: none has one. Valid until
 * live_traces_sweep. */
const char *live_traces_next(live_traces *t, uint64_t now_ms, lines *answer);

/* Forgets the traces that have told their end. */
void live_traces_sweep(live_traces *t);

/* When to ask again; UINT64_MAX: it follows none. */
uint64_t live_traces_due_ms(const live_traces *t);

#endif

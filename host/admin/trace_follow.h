/* trace_follow.h: a trace (trace/trace.h) that somebody follows. [admin thread]
 *
 * The follower looks now and then. It gets the events since its last look in words, as JSON lines,
 * or as one object, and at last why the trace has ended. A follower that goes away ends the trace.
 * What the follower does not take in time is dropped and counted.
 */
#ifndef PORTICO_TRACE_FOLLOW_H
#define PORTICO_TRACE_FOLLOW_H

#include "admin/lines.h"

#include <stdint.h>

typedef struct trace_follow trace_follow;

/* Begins the trace that `argument` describes (trace_options.h). `answer` gets its first line. With
 * `as_json` that and all others are JSON objects, one a line. NULL: `answer` has ended and says
 * why. */
trace_follow *trace_follow_begin(const char *argument, bool as_json, lines *answer);

/* True: `to` has new lines, which end the answer if the trace has ended. */
bool trace_follow_look(trace_follow *f, uint64_t now_ms, lines *to);

/* The same as members of an object: an array "events", "dropped" events so far, and "ended": null, or
 * "count", "seconds" or "gone". */
bool trace_follow_object(trace_follow *f, uint64_t now_ms, json *j);

/* When to look next. */
uint64_t trace_follow_due_ms(const trace_follow *f);

bool trace_follow_ended(const trace_follow *f);

/* Ends the trace if it has not ended, and frees it. */
void trace_follow_end(trace_follow *f);

#endif

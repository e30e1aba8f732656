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

enum { TRACE_GATHER_BYTES = 2 << 20 }; /* of a whole answer; its last event may use more */

typedef struct trace_follow trace_follow;

/* Begins the trace that `argument` describes (trace_options.h). NULL: `answer` has ended and says
 * why. Otherwise it has the beginning, in the form of all that follows:
 *
 *   text         a line
 *   JSON         a line that is an object; all that follows are such lines, too
 *   bare JSON    one object, which has ended. Ask for the others by trace_follow_answer */
trace_follow *trace_follow_begin(const char *argument, lines *answer);

/* True: `to` has new lines, which end the answer if the trace has ended. */
bool trace_follow_look(trace_follow *f, uint64_t now_ms, lines *to);

/* True: `answer`, which is for bare JSON, is another object: "events", an array; "dropped", how
 * many have been so far; "ended": null, or "count", "seconds" or "gone". */
bool trace_follow_answer(trace_follow *f, uint64_t now_ms, lines *answer);

/* The whole trace as one answer, which is for bare JSON: what trace_follow_begin tells, "events" with
 * all of them, "dropped", and "ended", which may also be "bytes" or "stop". First begin; then look
 * until that is true: the answer has ended. `stops` ends the trace. */
void trace_follow_gather_begin(const trace_follow *f, lines *answer);
bool trace_follow_gather(trace_follow *f, uint64_t now_ms, bool stops, lines *answer);

/* When to look next. */
uint64_t trace_follow_due_ms(const trace_follow *f);

bool trace_follow_ended(const trace_follow *f);

/* Ends the trace if it has not ended, and frees it. */
void trace_follow_end(trace_follow *f);

#endif

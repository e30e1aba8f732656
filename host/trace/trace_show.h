/* trace_show.h: shows what a trace has recorded, for people and as JSON. Pure, any thread; the
 * record stays valid during the call. */
#ifndef PORTICO_TRACE_SHOW_H
#define PORTICO_TRACE_SHOW_H

#include "base/json.h"
#include "base/put.h"
#include "trace/trace.h"

enum {
    TRACE_TEXT_MAX = 1800, /* bytes of an event in words; longer ones are cut */
    TRACE_JSON_MAX = 7000  /* as JSON; of longer ones the payload is shown in words, and cut */
};

/* Writes the event in one line, without its end: "+0.001234 turn 2 in session 7: opcode 5 move,
 * 12 bytes, game generation 3: x = 1, y = 2". `began_ns` is that of the trace; with `payload` it
 * shows what is in packets and messages. */
void trace_show(put *p, const trace_record *r, uint64_t began_ns, bool payload);

/* Writes the event as an object: an element of an array, or all that `j` gets. */
void trace_show_json(json *j, const trace_record *r, uint64_t began_ns, bool payload);

const char *trace_word(trace_what what);

#endif

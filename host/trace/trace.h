/* trace.h: records the events of one session, of one room, or of all sessions or rooms of a type.
 *
 * The thread that runs a turn records the turn's events: it copies them into the trace's ring
 * (trace_ring.h). It takes no lock, allocates nothing and never waits: an event for which there is
 * no space is counted and dropped. The admin thread takes the events out and shows them
 * (trace_show.h). While there is no trace, each place that could record one costs a relaxed load
 * and a branch.
 *
 * A record holds the generation whose declarations describe its packet, so that it can be decoded
 * after a swap or an unload.
 */
#ifndef PORTICO_TRACE_H
#define PORTICO_TRACE_H

#include "module/generation.h"
#include "trace/trace_ring.h"

enum {
    TRACES_MAX = 4,
    TRACE_PAYLOAD_MAX = 4096, /* bytes of one packet or message that are copied */
};

typedef enum trace_kind { TRACE_SESSION, TRACE_ROOM, TRACE_TYPE } trace_kind;

/* What to record. */
typedef struct trace_spec {
    trace_kind kind;
    bool payload;                     /* also what is in packets and messages */
    uint64_t id;                      /* of the session or room */
    char type[2 * PORTICO_LABEL_MAX]; /* "module.type", of sessions or rooms */
    uint32_t count;                   /* it ends after that many events ... */
    uint32_t seconds;                 /* ... or after that time */
} trace_spec;

/* X(what, word): `word` is how an event is shown. */
#define TRACE_LIST(X)                                                      \
    X(IN, "in")               /* a packet, before its handler is called */ \
    X(REJECTED, "rejected")   /* a packet that no handler gets */          \
    X(OUT, "out")             /* a packet, queued for one session */       \
    X(BROADCAST, "broadcast") /* a packet, once for all its receivers */   \
    X(MESSAGE, "message")     /* before its handler is called */           \
    X(TIMER, "timer")         /* the message of a timer, likewise */       \
    X(OPEN, "open")           /* a module's on_open is called */           \
    X(CLOSE, "close")         /* its on_close, with the reason */          \
    X(JOIN, "join")           /* a session is to become a member */        \
    X(REFUSED, "refused")     /* it has not become one, with the reason */ \
    X(LEAVE, "leave")         /* it is none any more, with the reason */   \
    X(FAULT, "fault")         /* the handler that was called last */

typedef enum trace_what {
#define TRACE_WHAT(what, word) TRACE_##what,
    TRACE_LIST(TRACE_WHAT)
#undef TRACE_WHAT
        TRACE_WHATS
} trace_what;

/* Something that happens. What does not apply is zero. */
typedef struct trace_event {
    trace_what what;
    uint64_t session;
    const char *session_type;
    uint64_t room; /* that the session is in, or that it happens to */
    const char *room_type;
    uint64_t from;    /* of a request, who asks */
    uint32_t number;  /* opcode, or id of the message */
    uint32_t count;   /* of receivers */
    const void *data; /* of the packet or message */
    uint32_t size;    /* of it */
    const char *word; /* a constant: why, or what has faulted */
    portico_status status;
    const registered_handler *row; /* how it is declared, in the registry of `generation` */
    generation *generation;        /* held by the caller; NULL: none is concerned */
} trace_event;

/* The same as it was recorded. */
typedef struct trace_record {
    uint64_t at_ns; /* os_monotonic_ns() */
    uint64_t session;
    uint64_t room;
    uint64_t from;
    uint64_t by; /* the entity whose handler caused it, unless it is `session` or `room`; 0: none */
    trace_what what;
    uint32_t turn; /* turns are numbered from 1 as they appear in the trace; 0: in no turn */
    uint32_t number;
    uint32_t count;
    uint32_t size;
    uint32_t kept; /* bytes of the payload that follow */
    portico_status status;
    const char *word;
    const registered_handler *row;
    generation *generation; /* held */
    uint8_t payload[];
} trace_record;

typedef struct trace trace;

/* Private. */
extern _Atomic uint32_t trace_bits;

/* All bits while there is a trace, else none: with it a comparison of sizes that was there before
 * can ask for both, without another branch. Any thread, like all that records. */
static inline uint32_t trace_mask(void) {
    return atomic_load_explicit(&trace_bits, memory_order_relaxed);
}

/* Whether there is a trace. */
static inline bool trace_on(void) {
    return trace_mask() != 0;
}

/* Records the event in each trace that it concerns. */
COLD void trace_event_record(const trace_event *e);

/* The same step by step, for trace number `slot`, below TRACES_MAX. NULL: there is none. Otherwise
 * it does not end before trace_leave. */
COLD trace *trace_enter(uint32_t slot);
COLD void trace_leave(trace *t);
const trace_spec *trace_spec_of(const trace *t);
COLD bool trace_concerns(const trace *t, const trace_event *e);
COLD void trace_put(trace *t, const trace_event *e);

/* Begins a trace; NULL: there are TRACES_MAX, or no memory. [admin thread, as all below] */
trace *trace_open(const trace_spec *spec);

/* Ends it, and drops what has not been taken. Waits for recorders, which do not wait. */
void trace_close(trace *t);

/* The oldest record that has not been taken; NULL: there is none. Valid until trace_took. */
const trace_record *trace_take(trace *t);
void trace_took(trace *t);

/* How many events have been dropped so far. */
uint64_t trace_dropped(const trace *t);

/* When it has begun: os_monotonic_ns(), and the wall clock. */
uint64_t trace_began_ns(const trace *t);
uint64_t trace_began_wall_ms(const trace *t);

#endif

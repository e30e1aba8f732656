/* call.h: the calls of the host into a module's code. Every function of a module is called here and
 * nowhere else.
 *
 * A call runs in a guard (os/fault.h). It is a transaction on the states that the module's function
 * receives: after a fault they are what they were before the call. Then the fault is judged
 * (fault_policy.h) and reported (fault_report.h). The module's packets, messages, timers and joins
 * that were sent before the fault stay sent.
 *
 * All functions: a thread of the host that is inside the module's gate, or for which module_begin
 * was called; no lock held.
 */
#ifndef PORTICO_CALL_H
#define PORTICO_CALL_H

#include "module/fault.h"
#include "module/registry.h"

/* X(kind, what): `what` is for the log. */
#define CALL_LIST(X)                        \
    X(START, "start")                       \
    X(STOP, "stop")                         \
    X(STOPPING, "stopping")                 \
    X(DEPENDENCY_SWAPS, "dependency_swaps") \
    X(MIGRATE, "migrate")                   \
    X(MODULE_MESSAGE, "message")            \
    X(JOB, "job")                           \
    X(OPEN, "on_open")                      \
    X(CLOSE, "on_close")                    \
    X(PACKET, "opcode")                     \
    X(SESSION_MESSAGE, "message")           \
    X(WATERMARK, "on_watermark")            \
    X(ROOM_OPEN, "room on_open")            \
    X(ROOM_CLOSE, "room on_close")          \
    X(ROOM_MESSAGE, "message")              \
    X(JOIN, "on_join")                      \
    X(LEAVE, "on_leave")

typedef enum call_kind {
#define CALL_KIND(kind, what) CALL_##kind,
    CALL_LIST(CALL_KIND)
#undef CALL_KIND
        CALL_KINDS
} call_kind;

const char *call_what(call_kind kind);

typedef union call_function {
    portico_status (*start)(void *state, uint32_t why);
    void (*stop)(void *state, uint32_t why);
    void (*stopping)(void *state);
    portico_status (*dependency_swaps)(void *state, const char *module, const char *version);
    portico_on_migrate migrate;
    portico_on_open open;
    portico_on_close close;
    portico_on_watermark watermark;
    portico_on_room_open room_open;
    portico_on_room_close room_close;
    portico_on_join join;
    portico_on_leave leave;
    handler_function handler;
} call_function;

/* One call. Fields that its kind does not need are zero. */
typedef struct call {
    call_kind kind;
    uint32_t number; /* opcode, message or job; of START and STOP, why; of WATERMARK, the bytes */
    call_function fn;
    void *state;           /* that the function receives */
    uint32_t state_size;   /* of it, in bytes; 0: it is not restored */
    bool above;            /* of WATERMARK */
    portico_status reason; /* of CLOSE, ROOM_CLOSE and LEAVE */
    uint64_t entity;       /* the session or room, or the module's mailbox */
    uint64_t member;       /* of JOIN and LEAVE, the session */
    const char *type;      /* of the session or room; NULL: the module itself */
    const void *data;      /* of a packet, message, job or ROOM_OPEN; a portico_migration; names */
    uint32_t size;
    const void *shown;             /* the portico_packet or portico_message */
    const registered_handler *row; /* of a packet: how it is declared; NULL: not */
    void *reply;                   /* of JOB, and its room in reply_size */
    uint32_t reply_size;
    /* results */
    portico_status status; /* what it returned; PORTICO_E_FAULT after a fault */
    uint32_t replied;      /* of JOB */
    fault_verdict verdict; /* after a fault */
    /* After a fault: a state that was too large to be copied may be half changed: the function's
     * own, or the room's that room_state has returned. */
    bool lost;
    bool lost_room;
    uint32_t lost_bytes; /* of it */
    uint32_t restored;   /* after a fault: the number of states that are as before */
} call;

/* Makes the call. False: it faulted. */
bool call_make(call *c);

/* Several calls in one guard, for packets in a row: f(arg) makes them itself, each after call_keep.
 * `describe` says which call is running; it may be called in a handler, and what it returns must
 * stay valid until call_span has returned. NULL: no call faulted. Otherwise that call, with its
 * results; what f(arg) still had to do is not done. */
call *call_span(void (*f)(void *arg), void *arg, call *(*describe)(void *arg));

/* ---- the transaction ---------------------------------------------------------------------- */

/* Before each call in a span: from here on a fault restores this state, and no other. */
static inline void call_keep(void *state, uint32_t size);

/* During a call: the function is about to receive one more state. */
void call_keep_also(void *state, uint32_t size);

/* Installs what handles faults. States of more than `limit` bytes are not copied. [main thread] */
portico_status calls_start(uint32_t limit);

/* Frees what the threads have kept for their calls. They make none any more. */
void calls_fini(void);

/* Private. */
enum { KEPT_MAX = 4 };
typedef struct kept_state {
    void *state;
    uint32_t size;
    uint32_t at; /* in the thread's buffer; UINT32_MAX: it is not copied */
} kept_state;
typedef struct kept_states {
    uint32_t count;
    uint32_t used;
    uint32_t capacity;
    uint8_t *copies;
    kept_state all[KEPT_MAX];
} kept_states;
extern _Thread_local kept_states call_kept;

static inline void call_keep(void *state, uint32_t size) {
    call_kept.count = 0;
    if (size > 0) {
        call_keep_also(state, size);
    }
}

#endif

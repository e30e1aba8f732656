/* fault_record.h: all that is known about one fault, in memory of the host's own: it outlives the
 * module. Filled by the thread that faults or by the watchdog, read by the reporter.
 */
#ifndef PORTICO_FAULT_RECORD_H
#define PORTICO_FAULT_RECORD_H

#include "module/call.h"
#include "module/module.h"
#include "run/watchdog.h"

typedef enum fault_event {
    FAULT_EVENT_CONTAINED, /* verdict says what it cost */
    FAULT_EVENT_ENDS,      /* the process is about to end */
    FAULT_EVENT_LATE,      /* no fault: a call takes longer than watchdog_ms */
    FAULT_EVENT_HANGS,     /* a call takes longer than hang_ms and cannot be ended */
    FAULT_EVENT_STUCK      /* a call still runs when the process ends because of that */
} fault_event;

enum { FAULT_CALLS_MAX = 10, FAULT_DATA_TEXT = 1024, FAULT_NAME_TEXT = 64 };

typedef struct fault_record {
    fault_event event;
    uint64_t wall_ms; /* when it was */
    uint64_t now_ns;  /* the same by the other clock */
    /* The module; "": the thread was in no call of one. */
    char module[TEXT_IDENTIFIER_MAX];
    char version[64];
    char file[256];
    uint32_t generation;
    uint64_t built_ms;
    uint64_t since_ms; /* 0: it does not serve yet */
    uintptr_t image_begin;
    uintptr_t image_end;
    /* The call */
    const char *what; /* NULL: not known */
    call_kind kind;   /* of a fault in a call */
    uint32_t number;  /* opcode, message or job */
    bool has_number;
    char name[FAULT_NAME_TEXT];       /* as it is declared; "": it is not */
    char type[2 * PORTICO_LABEL_MAX]; /* of the session or room */
    const char *entity_what;          /* "session", "room" or "entity" */
    uint64_t entity;                  /* 0: none */
    uint64_t member;                  /* the session that joins or leaves; 0: none */
    char peer[OS_ADDRESS_TEXT];       /* of the session; "": not known */
    const char *data_what;            /* "packet" and so on; NULL: none */
    uint32_t data_size;               /* bytes */
    char data[FAULT_DATA_TEXT];
    /* The decision, and what it cost. */
    fault_verdict verdict;
    uint32_t restored;   /* states */
    uint32_t lost_bytes; /* of a state that could not be restored */
    bool lost;           /* it is the call's own ... */
    bool lost_room;      /* ... or that of the session's room */
    bool aborts;         /* on_fault = abort */
    uint64_t slow_ms;    /* of a slow call: how long it has taken */
    /* Where it was */
    os_fault fault;
    bool has_fault;
    watchdog_call calls[FAULT_CALLS_MAX]; /* the latest first */
    uint32_t call_count;
} fault_record;

/* Writes the peer of a session; "" if it has gone. Takes no lock that a module's call may hold. */
typedef void fault_peer_of(uint64_t session, char text[OS_ADDRESS_TEXT]);

/* `m`, `g` and `c` may be NULL; so may `peer_of`. Also in a handler of faults. */
void fault_record_fill(fault_record *r, fault_event event, const module *m, const generation *g,
                       const call *c, const os_fault *fault, fault_peer_of *peer_of);

/* Whether the event is a call that takes too long, and no fault. */
static inline bool fault_is_slow(fault_event event) {
    return event == FAULT_EVENT_LATE || event == FAULT_EVENT_HANGS || event == FAULT_EVENT_STUCK;
}

/* A call that takes too long. `where` may be NULL. Not in a handler. */
void fault_record_fill_slow(fault_record *r, fault_event event, const watchdog_call *c,
                            const os_fault *where, fault_peer_of *peer_of);

/* The number of the first frame in the module's own code; 0 if there is none. */
uint32_t fault_record_frame(const fault_record *r);

#endif

/* fault_queue.h: what fault_report.c, fault_reporter.c and fault_slow.c share: the records that
 * wait to be written, and what is kept of the last ones. Everything is reserved from the start.
 *
 * A thread reserves a slot under the lock, fills its record without it, and marks it as ready. The
 * reporter takes the slots in their order.
 */
#ifndef PORTICO_FAULT_QUEUE_H
#define PORTICO_FAULT_QUEUE_H

#include "module/fault_flood.h"
#include "module/fault_report.h"

#include <stdatomic.h>

enum { FAULT_QUEUE_MAX = 8, FAULT_HISTORY_MAX = 128, FAULT_LINE_MAX = 400, FAULT_TALLIES_MAX = 64 };

typedef struct fault_slot {
    fault_record record;
    uint64_t number; /* of the report */
    atomic_bool ready;
} fault_slot;

/* A report, as it is kept. Number N is in entry N % FAULT_HISTORY_MAX. */
typedef struct fault_entry {
    uint64_t number; /* from 1; 0: unused */
    uint64_t wall_ms;
    uint64_t more; /* counted as like it */
    bool is_fault; /* and not only slow */
    char module[TEXT_IDENTIFIER_MAX];
    char line[FAULT_LINE_MAX];
    char path[FAULT_PATH_MAX];
} fault_entry;

/* Added under the lock, read without. */
typedef struct fault_tally {
    char module[TEXT_IDENTIFIER_MAX];
    _Atomic uint32_t faults;
    _Atomic uint32_t by_kind[CALL_KINDS];
    _Atomic uint64_t frozen_ms;
} fault_tally;

typedef struct fault_queue {
    os_mutex lock;   /* a leaf, but for the log's */
    os_cond wake;    /* the reporter */
    os_cond idle;    /* everything is written */
    os_mutex naming; /* while the functions of a record are looked up; before `lock` */
    bool runs;
    bool stop;
    fault_slot slots[FAULT_QUEUE_MAX];
    uint32_t first;
    _Atomic uint32_t count;
    uint64_t reports; /* told so far */
    flood flood;
    fault_entry history[FAULT_HISTORY_MAX];
    fault_tally tallies[FAULT_TALLIES_MAX];
    _Atomic uint32_t tally_count;
    _Atomic uint32_t faults;
    fault_peer_of *peer_of;
} fault_queue;

extern fault_queue fault_reports;

/* The entry of a report; NULL: it is no longer kept. [lock] */
fault_entry *fault_entry_of(uint64_t number);

/* fault_reporter.c */
portico_status fault_reporter_start(void);
void fault_reporter_stop(void);

#endif

/* watchdog_slots.h: what watchdog.c, written by the threads that call modules, and
 * watchdog_look.c, run by a thread that looks, share.
 *
 * Each thread writes its own slot, and others read it. `call` is 0 while no call runs or one is
 * being described; else it has the call's number in its upper half, and in its lower half its count
 * and flags. So what is read between two equal values of `call` belongs together, and two equal
 * values mean the same call. Beginning and ending a call take no locked instruction; only the
 * reader measures how long it takes.
 *
 * A slot keeps its thread's last calls in two rings: `calls` has a word for each call, `run` what
 * calls in a row have in common. A call with the count c is of the last run that began at c or
 * before. `count` and `runs` say how many entries are complete; the next one overwrites the oldest.
 * A reader looks at them again when it has read an entry, and drops the entry if it may have been
 * overwritten during the read.
 *
 * `reported`, and what was logged about that call, are written under `reporting`, which is held
 * until the log has the line. The first to find then that the call has ended logs that: its
 * thread at its next step, or the next look. So "has returned" is always logged, and always
 * after. Lock order: `reporting`, then the log's.
 */
#ifndef PORTICO_WATCHDOG_SLOTS_H
#define PORTICO_WATCHDOG_SLOTS_H

#include "run/watchdog.h"

#include <stdatomic.h>

enum { WATCH_SLOTS = 512, WATCH_RING = 32 };
enum { CALL_RUNS = 1, CALL_FIRST = 2, COUNT_SHIFT = 2, COUNT_STEP = 4, NUMBER_SHIFT = 32 };

_Static_assert(WATCHDOG_RECENT <= WATCH_RING / 2, "some may be overwritten while they are read");

/* Calls in a row. */
typedef struct watch_run {
    _Atomic uint64_t first; /* the count of its first call */
    _Atomic uint64_t started_ns;
    _Atomic uint64_t entity;
    const char *_Atomic what;
    const char *_Atomic name;
} watch_run;

/* A call as a reader has found it. */
typedef struct watch_view {
    uint64_t call;
    watchdog_call shown;
} watch_view;

typedef struct watch_slot {
    _Alignas(128) _Atomic uint64_t calls[WATCH_RING]; /* first: saves an instruction */
    _Atomic uint64_t call;
    _Atomic uint64_t count;    /* COUNT_STEP for each call, and CALL_RUNS: saves two instructions */
    _Atomic uint64_t runs;     /* begun */
    _Atomic uint64_t reported; /* the call that was logged and whose end was not; 0: none */
    os_guard_thread *_Atomic thread;
    void *_Atomic owner; /* of its guards */
    watch_run run[WATCH_RING];
    /* [reporting] */
    uint64_t seen; /* the call seen last, and when it began */
    uint64_t seen_ns;
    watch_view reported_view; /* what was logged about `reported` */
    /* Only for the thread that looks: */
    uint64_t located; /* the late call of which it has told where it is */
    uint64_t tried;   /* the call that it could not end */
    uint64_t hung;    /* the call of which it has told so */
} watch_slot;

extern watch_slot watch_slots[WATCH_SLOTS];

extern watchdog_hooks watch_hooks;

/* How many have been taken, at most WATCH_SLOTS. The last is shared by all further threads. */
uint32_t watch_slots_used(void);

/* The call that was logged last has returned: logs that. [the slot's thread] */
extern void (*watch_returned)(watch_slot *s);

#endif

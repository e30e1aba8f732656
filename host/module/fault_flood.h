/* fault_flood.h: decides which faults are reported, and which are only counted, so that a module
 * that faults without end does not fill the log. Not thread-safe: under the lock of fault_report.c.
 *
 * Faults are alike if they are of the same build, in the same kind of call and at the same place,
 * and cost the same.
 * The first is reported; those that follow are counted and summed up after FLOOD_MS, again and
 * again until none comes for that long. At most FLOOD_KINDS different faults are reported in that
 * time; more are summed up as `others`.
 */
#ifndef PORTICO_FAULT_FLOOD_H
#define PORTICO_FAULT_FLOOD_H

#include <stdbool.h>
#include <stdint.h>

enum { FLOOD_MS = 10000, FLOOD_KINDS = 16 };

typedef struct flood_key {
    char module[32];
    uint32_t generation;
    uint32_t event; /* fault_event */
    uint32_t kind;  /* os_fault_kind */
    uint32_t call;  /* call_kind */
    uint32_t number;
    uint32_t verdict; /* fault_verdict: what freezes a module is reported, whatever came before */
    uint32_t thread;  /* of a slow call, by the watchdog's number */
    uintptr_t place;  /* the instruction */
} flood_key;

typedef struct flood_family {
    flood_key key;
    uint64_t report;   /* the number of the first one's report; 0: the entry is free */
    uint64_t begin_ms; /* of the time for which faults are counted */
    uint64_t more;     /* counted */
} flood_family;

typedef struct flood {
    flood_family families[FLOOD_KINDS];
    uint64_t others;
    uint64_t others_ms; /* when the first of them was */
} flood;

/* Returns the number of the report that is like this fault, which is then counted; `report` itself:
 * nothing is like it, so it is to be reported; 0: it is counted among the others. */
uint64_t flood_add(flood *f, const flood_key *key, uint64_t report, uint64_t now_ms);

/* Whether flood_add would not count it among the others. */
bool flood_has_room(const flood *f, const flood_key *key, uint64_t now_ms);

/* Counts a fault among the others: there is no room for its report. */
void flood_add_other(flood *f, uint64_t now_ms);

/* Faults that are summed up in one line. */
typedef struct flood_sum {
    uint64_t report; /* 0: others */
    uint64_t more;
    uint64_t for_ms;
} flood_sum;

/* The next sum that is due, or with `all` any that is not 0. False: none. */
bool flood_take(flood *f, uint64_t now_ms, bool all, flood_sum *sum);

#endif

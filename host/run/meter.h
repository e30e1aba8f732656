/* meter.h: how long handlers run and how long their packets waited, measured while it is on.
 *
 * meter_measure switches measuring on for a time. While it is off, a handler's call costs one
 * relaxed load and a branch. While it is on, each thread measures every call up to about 20,000 a
 * second. Above that rate it measures one call in 2 to 64, chosen at random, and counts it for
 * those that it skips as well.
 *
 * A call is counted under its type's name and its number, so counts outlive a swap. No lock is
 * taken and nothing is allocated. There is room for METER_SERIES_MAX series; all others are counted
 * together as METER_OTHERS. Counts only grow: a reader takes the difference of two readings. Any
 * thread.
 */
#ifndef PORTICO_METER_H
#define PORTICO_METER_H

#include "run/histogram.h"

#include <stdatomic.h>
#include <stdbool.h>

/* X(what, word): `word` is its name in `ctl top`. */
#define METER_LIST(X)                                                                             \
    X(OTHERS, "others")         /* of any kind */                                                 \
    X(OPCODE, "opcode")         /* a session type's handler for a packet */                       \
    X(ANY_OPCODE, "any_opcode") /* its on_packet: one series, since clients choose the opcodes */ \
    X(MESSAGE, "message")       /* a session type's handler for a message */                      \
    X(ROOM_MESSAGE, "room_message")                                                               \
    X(MODULE_MESSAGE, "module_message")

typedef enum meter_kind {
#define METER_KIND(what, word) METER_##what,
    METER_LIST(METER_KIND)
#undef METER_KIND
        METER_KINDS
} meter_kind;

enum { METER_SERIES_MAX = 512, METER_NAME_MAX = 128 };

/* Private: the os_monotonic_ns() at which measuring ends; 0: it is off; 1: it is on, but measures
 * nothing (meter_stay_on). */
extern _Atomic uint64_t meter_until_ns;
uint64_t meter_clock_ns(void);
extern _Atomic uint32_t meter_most; /* measured calls in METER_WINDOW_NS on one thread, about */
enum { METER_WINDOW_NS = 10000000, METER_MOST = 200, METER_EVERY_MAX = 64 };
void meter_count(uint64_t began_ns, uint64_t received_ns, meter_kind kind, const char *type,
                 uint32_t number);

/* Whether to measure: then enclose the handler's call in meter_begin and meter_end. */
static inline bool meter_on(void) {
    return atomic_load_explicit(&meter_until_ns, memory_order_relaxed) != 0;
}

/* Before a handler's call. Returns a time for meter_end; 0: it is not measured. */
static inline uint64_t meter_begin(void) {
    return meter_on() ? meter_clock_ns() : 0;
}

/* How many calls the measured one counts for on this thread. */
uint32_t meter_weight(void);

/* After the call. `received_ns`: the os_monotonic_ns() at which its packet came; 0: not known. */
static inline void meter_end(uint64_t began_ns, uint64_t received_ns, meter_kind kind,
                             const char *type, uint32_t number) {
    if (began_ns != 0) {
        meter_count(began_ns, received_ns, kind, type, number);
    }
}

/* From meter_stay_on to meter_stay_off, meter_on is true also while nothing is measured: for code
 * that does more than measure around a handler's call, so that it costs nothing while it is not
 * wanted. May be nested. Any thread. */
void meter_stay_on(void);
void meter_stay_off(void);

/* Measures for `duration_ms` from now, or longer if another call asked for longer. */
void meter_measure(uint32_t duration_ms);

typedef struct meter_histogram {
    uint64_t counts[HISTOGRAM_BUCKETS];
    uint64_t sum_ns;
    uint64_t worst_ns; /* ever */
} meter_histogram;

typedef struct meter_series {
    meter_kind kind;
    uint32_t number;
    char type[METER_NAME_MAX];
    meter_histogram handler; /* how long the handler ran */
    meter_histogram latency; /* from the packet's arrival to its handler's return */
} meter_series;

/* Calls `each` for every series. May or may not see what other threads count during the walk.
 * `series` is valid during the call. */
void meter_each(void (*each)(void *arg, const meter_series *series), void *arg);

const char *meter_kind_name(meter_kind kind);

#endif

/* meter.h: how long handlers run and how long their packets waited, measured while somebody looks.
 *
 * Until meter_measure is called, and from the time on that it was told, a call of a handler costs one relaxed load and a
 * branch. In between it is counted under the name of its type and its number, so what was counted outlives a swap; no lock
 * is taken and nothing is allocated. There is room for METER_SERIES_MAX of these; what comes later is counted together, as
 * METER_OTHERS. Counts only grow: who looks takes the difference of two looks. Any thread.
 */
#ifndef PORTICO_METER_H
#define PORTICO_METER_H

#include "run/histogram.h"

#include <stdatomic.h>
#include <stdbool.h>

/* X(what, word): `word` is how `ctl top` names it. */
#define METER_LIST(X)                                                                         \
    X(OTHERS, "others") /* of any kind */                                                     \
    X(OPCODE, "opcode") /* a session type's handler of a packet */                            \
    X(ANY_OPCODE,                                                                             \
      "any_opcode")       /* its on_packet: one for all opcodes, since clients choose them */ \
    X(MESSAGE, "message") /* a session type's handler of a message */                         \
    X(ROOM_MESSAGE, "room_message")                                                           \
    X(MODULE_MESSAGE, "module_message")

typedef enum meter_kind {
#define METER_KIND(what, word) METER_##what,
    METER_LIST(METER_KIND)
#undef METER_KIND
        METER_KINDS
} meter_kind;

enum { METER_SERIES_MAX = 512, METER_NAME_MAX = 128 };

/* Private: when measuring ends, as os_monotonic_ns(); 0: it has. */
extern _Atomic uint64_t meter_until_ns;
uint64_t meter_clock_ns(void);
void meter_count(uint64_t began_ns, uint64_t received_ns, meter_kind kind, const char *type,
                 uint32_t number);

/* Whether somebody looks: then the call that follows is to be put between meter_begin and meter_end. */
static inline bool meter_on(void) {
    return atomic_load_explicit(&meter_until_ns, memory_order_relaxed) != 0;
}

/* Before a handler's call, for meter_end. */
static inline uint64_t meter_begin(void) {
    return meter_on() ? meter_clock_ns() : 0;
}

/* Behind it. `received_ns`: when what it handled came, as os_monotonic_ns(); 0: not known. */
static inline void meter_end(uint64_t began_ns, uint64_t received_ns, meter_kind kind,
                             const char *type, uint32_t number) {
    if (began_ns != 0) {
        meter_count(began_ns, received_ns, kind, type, number);
    }
}

/* Measures for `duration_ms` from now on, or longer if somebody has asked for that. */
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
    meter_histogram handler; /* how long it ran */
    meter_histogram latency; /* from when the packet came until its handler had returned */
} meter_series;

/* Calls `each` for all that was ever counted. Counts that others add meanwhile may be seen or not. `series` is valid during
 * the call. */
void meter_each(void (*each)(void *arg, const meter_series *series), void *arg);

const char *meter_kind_name(meter_kind kind);

#endif

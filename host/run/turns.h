/* turns.h: how long turns take, and how long messages wait for theirs, while the metrics are
 * scraped.
 *
 * A turn is the completion that a worker runs, from one reading of its clock to the next, so it is
 * measured without further readings. It counts for the module and the kind of the last call that
 * was made in it; without a call it is not counted. While nobody scrapes, a turn and a message cost
 * one relaxed load and a branch. Each worker counts in cells of its own. Any thread; a lock is
 * taken only for the first turn of a module and kind.
 */
#ifndef PORTICO_TURNS_H
#define PORTICO_TURNS_H

#include "run/durations.h"

#include <stdbool.h>

/* Private. */
extern atomic_bool turns_measured;
void turns_count_one(uint64_t began_ns, uint64_t ended_ns);
void turns_count_wait(const char *module_name, uint64_t since_ns);

/* Whether somebody has scraped lately. */
static inline bool turns_on(void) {
    return atomic_load_explicit(&turns_measured, memory_order_relaxed);
}

/* A worker has run a completion. */
static inline void turns_ended(uint64_t began_ns, uint64_t ended_ns) {
    if (turns_on()) {
        turns_count_one(began_ns, ended_ns);
    }
}

/* A message is about to be handled that has waited since then; 0: it is not known. `module_name` is
 * from watchdog_name. */
static inline void turns_waited(const char *module_name, uint64_t since_ns) {
    if (since_ns != 0) {
        turns_count_wait(module_name, since_ns);
    }
}

/* Somebody scrapes: measures until `duration_ms` from now. */
void turns_measure(uint64_t now_ms, uint32_t duration_ms);

/* Stops measuring when the time is over. Called now and then. */
void turns_look(uint64_t now_ms);

/* Calls `each` for all turns of a module and kind, a constant such as "opcode"; or, with `waits`,
 * for the waits of a module's messages, with `kind` NULL. */
void turns_each(bool waits,
                void (*each)(void *arg, const char *module_name, const char *kind,
                             const durations_view *view),
                void *arg);

#endif

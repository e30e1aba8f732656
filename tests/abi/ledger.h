/* ledger.h: records which entities are alive, from what a module sees: each beginning must have
 * exactly one end. For test modules; header only.
 *
 * The ledger is in the module's own memory, indexed by the ids' slots, so that it does not depend
 * on the host's blocks of state. Its atomics are relaxed, so that they hide no race from a
 * sanitizer. */
#ifndef TEST_LEDGER_H
#define TEST_LEDGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { LEDGER_LINES = 1 << 14 }; /* more than the slots that a test's host uses */

typedef struct ledger_line {
    _Atomic uint64_t id; /* 0: nobody */
    _Atomic uint64_t
        place; /* of a session: the room it has joined; of a room: how many members it has */
} ledger_line;

typedef struct ledger {
    ledger_line lines[LEDGER_LINES];
    _Atomic uint32_t begun;
    _Atomic uint32_t ended;
} ledger;

static inline ledger_line *ledger_at(ledger *l, uint64_t id) {
    return &l->lines[id % LEDGER_LINES];
}

static inline bool ledger_has(ledger *l, uint64_t id) {
    return atomic_load_explicit(&ledger_at(l, id)->id, memory_order_relaxed) == id;
}

/* False: the slot's previous entity has not ended, or this one begins twice. */
static inline bool ledger_begin(ledger *l, uint64_t id) {
    uint64_t nobody = 0;
    atomic_fetch_add_explicit(&l->begun, 1, memory_order_relaxed);
    return atomic_compare_exchange_strong_explicit(&ledger_at(l, id)->id, &nobody, id,
                                                   memory_order_relaxed, memory_order_relaxed);
}

/* False: it has not begun, or has already ended. */
static inline bool ledger_end(ledger *l, uint64_t id) {
    uint64_t there = id;
    atomic_fetch_add_explicit(&l->ended, 1, memory_order_relaxed);
    return atomic_compare_exchange_strong_explicit(&ledger_at(l, id)->id, &there, 0,
                                                   memory_order_relaxed, memory_order_relaxed);
}

static inline uint64_t ledger_place(ledger *l, uint64_t id) {
    return atomic_load_explicit(&ledger_at(l, id)->place, memory_order_relaxed);
}

/* Sets `place` and returns its previous value. */
static inline uint64_t ledger_move(ledger *l, uint64_t id, uint64_t to) {
    return atomic_exchange_explicit(&ledger_at(l, id)->place, to, memory_order_relaxed);
}

/* Whether every entity has ended. */
static inline bool ledger_is_empty(ledger *l) {
    bool empty = true;
    for (uint32_t i = 0; i < LEDGER_LINES; i++) {
        empty = empty && atomic_load_explicit(&l->lines[i].id, memory_order_relaxed) == 0;
    }
    return empty;
}

#endif
